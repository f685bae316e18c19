"""What the SQL of a detection may say, and what it is refused with."""

from dataclasses import replace
from pathlib import Path

import pytest

from mcpsoar.core.content import DetectionText
from mcpsoar.core.errors import BadContent, Unsupported, Usage
from mcpsoar.detect import statement
from mcpsoar.detect.detection import parse
from mcpsoar.detect.dialects import EVENT_MS
from mcpsoar.detect.joined import check
from mcpsoar.pack import detections, schema

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = schema.load(ROOT)
TEXTS = detections.load(ROOT)
GOOD = """\
WITH seen AS (
  SELECT event_ms, event_key, actor_id,
    COUNT(*) OVER (PARTITION BY actor_id ORDER BY event_ms RANGE BETWEEN 1000 PRECEDING AND CURRENT ROW) AS n
  FROM mcp_audit
  WHERE decision = 'deny'
)
SELECT event_ms, event_key, actor_id AS subject
FROM seen
WHERE n > 2
"""


def text(sql: str) -> DetectionText:
    return replace(TEXTS[0], id="mine", path=Path("mine.sql"), sql=sql, sql_line=10)


def test_a_detection_is_understood_by_what_it_reads() -> None:
    found = parse(text(GOOD), COLUMNS)
    assert found.columns == {"actor_id", "decision"}
    check([found], COLUMNS)


@pytest.mark.parametrize(
    ("old", "new", "said", "line"),
    [
        ("WHERE n > 2", "WHERE n > 2; SELECT 1", "not exactly one SELECT", 10),
        ("WHERE n > 2", "WHERE n > 2 ORDER BY event_ms LIMIT 3", "has no LIMIT|has no ORDER", 16),
        ("WHERE n > 2", "WHERE n > now()", "is not among", 18),
        ("WHERE n > 2", "WHERE n / 2 > 1", "Div is not among", 18),
        ("WHERE n > 2", "WHERE n > 2.5", "numbers are whole", 18),
        ("WHERE n > 2", "WHERE random_thing(n) > 2", "the function random_thing is not among", 18),
        ("WHERE n > 2", "WHERE n IN (2, NULL)", "IN with a NULL", 18),
        ("WHERE n > 2", "WHERE event_ms > :when", "is no SQL", 18),
        ("FROM seen", "FROM read_csv('/etc/passwd')", "is not among", 17),
        ("FROM seen", "FROM other", "no 'other'", 17),
        ("FROM seen", "FROM sheet", "no 'sheet'", 17),
        ("FROM seen", "FROM main.seen", "no 'seen'", 17),
        ("FROM seen", "FROM seen NATURAL JOIN mcp_audit", "has no METHOD", 17),
        ("FROM seen", "FROM seen JOIN mcp_audit USING (event_ms)", "has no USING", 17),
        ("FROM seen", "FROM seen FULL JOIN mcp_audit ON n = 1", "a join is JOIN", 17),
        ("FROM seen", "FROM seen JOIN mcp_audit", "says ON what|CROSS", 17),
        ("FROM seen", "FROM seen JOIN mcp_audit AS a ON a.event_ms > seen.event_ms", "= a column of", 17),
        ("FROM seen", "FROM seen JOIN mcp_audit AS a ON a.event_ms = a.event_ms", "= a column of", 17),
        ("FROM seen", "FROM seen CROSS JOIN mcp_audit AS a CROSS JOIN seen AS b", "one CROSS JOIN", 17),
        ("WITH seen", "WITH RECURSIVE seen", "not recursive", 10),
        ("WITH seen", "WITH audit_events AS (SELECT 1 AS n), seen", "is the name of something else", 10),
        ("WITH seen", "WITH mcp_audit AS (SELECT 1 AS n), seen", "is the name of something else", 10),
        ("WITH seen", "WITH MCP_Audit AS (SELECT 1 AS n), seen", "is the name of something else", 10),
        ("WITH seen", "WITH Seen AS (SELECT 1 AS n), seen", "is the name of something else", 10),
        ("actor_id,", "actor_idd,", "'actor_idd'.*nearest is 'actor_id'", 11),
        ("actor_id,", "*,", "a star is for", 11),
        ("actor_id,", "latency_ms,", "no whole number", 11),
        ("actor_id,", "event_time,", "event_ms is it", 11),
        ("actor_id,", "actor_tags,", "is a list", 11),
        ("'deny'", "'denied'", "'decision' is one of .* never 'denied'", 14),
        ("= 'deny'", "IN ('deny', 'ALLOW')", "never 'ALLOW'", 14),
        ("decision = 'deny'", "COALESCE(decision, 'no') = 'deny'", "", 0),
        ("COUNT(*)", "LAG(event_ms)", "are told apart by", 12),
        ("COUNT(*)", "COUNT(DISTINCT actor_id)", "not counted over a window", 12),
        ("COUNT(*) OVER", "ROW_NUMBER() + COUNT(*) OVER", "needs OVER", 12),
        ("RANGE", "ROWS", "are told apart by", 12),
        ("RANGE", "GROUPS", "are told apart by|is RANGE or ROWS", 12),
        ("ORDER BY event_ms RANGE", "ORDER BY actor_id RANGE", "in milliseconds", 12),
        ("ORDER BY event_ms RANGE", "ORDER BY event_ms, event_key RANGE", "in milliseconds", 12),
        ("1000 PRECEDING", "INTERVAL 1 SECOND PRECEDING", "Interval is not among", 12),
        ("actor_id AS subject", "actor_id AS whom", "gives event_ms, event_key, subject", 10),
        ("event_ms, event_key, actor_id AS", "event_key, event_ms, actor_id AS", "in this order", 10),
    ],
)
def test_what_engines_may_differ_in_is_refused_at_its_line(old: str, new: str, said: str, line: int) -> None:
    changed = text(GOOD.replace(old, new))
    assert changed.sql != GOOD
    if not said:
        parse(changed, COLUMNS)
        return
    with pytest.raises(BadContent, match=said) as error:
        parse(changed, COLUMNS)
    assert f"mine.sql:{line}:" in str(error.value)


def test_what_only_the_engine_can_tell_is_told_with_its_file() -> None:
    wrong = parse(text(GOOD.replace("n > 2", "n > event_key")), COLUMNS)
    with pytest.raises(BadContent, match=r"mine\.sql:10: the engine refuses it: .* BIGINT and type VARCHAR"):
        check([wrong], COLUMNS)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "SELECT event_ms, event_key, actor_id AS",
            "SELECT actor_id AS event_ms, event_key, actor_id AS",
            "event_ms is",
        ),
        (
            "SELECT event_ms, event_key, actor_id AS",
            "SELECT event_ms, n AS event_key, actor_id AS",
            "event_key is a text",
        ),
        ("SELECT event_ms, event_key, actor_id AS", "SELECT event_ms, event_key, n AS", "subject is a text"),
    ],
)
def test_a_detection_gives_a_number_and_two_texts_or_nothing(old: str, new: str, said: str) -> None:
    """A text of the log in the place of a time was once pasted into the next statement."""
    head, _, tail = GOOD.rpartition(old)
    wrong = parse(text(head + new + tail), COLUMNS)
    with pytest.raises(BadContent, match=said) as error:
        check([wrong], COLUMNS)
    assert "mine.sql:10:" in str(error.value)


def test_a_named_window_is_written_out_where_it_is_used() -> None:
    over = "(PARTITION BY actor_id ORDER BY event_ms RANGE BETWEEN 1000 PRECEDING AND CURRENT ROW)"
    named = GOOD.replace(over, "recent").replace("'deny'", f"'deny' WINDOW recent AS {over}")
    assert parse(text(named), COLUMNS).sql == parse(text(GOOD), COLUMNS).sql
    with pytest.raises(BadContent, match="is one window of this SELECT"):
        parse(text(GOOD.replace(over, "recent")), COLUMNS)


@pytest.mark.parametrize("dialect", sorted(EVENT_MS))
@pytest.mark.parametrize("name", [one.id for one in TEXTS])
def test_every_detection_comes_out_whole_in_every_dialect_or_is_refused(name: str, dialect: str) -> None:
    detection = parse(next(one for one in TEXTS if one.id == name), COLUMNS)
    if "RANGE BETWEEN" in detection.sql and dialect in ("redshift", "tsql"):
        with pytest.raises(Unsupported, match=f"{name} cannot be said in {dialect}, which has no RANGE"):
            statement.matches(detection, COLUMNS, dialect)
        return
    made = statement.matches(detection, COLUMNS, dialect)
    assert EVENT_MS[dialect] in made
    assert "EVENT_MS_HERE" not in made
    assert "BARE_HERE" not in made
    assert dialect != "tsql" or not any(word in made for word in ("TRUE", "FALSE", "(1 = 0)", "(1 = 1)"))


def test_an_unknown_dialect_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(Usage, match="klingon"):
        statement.matches(parse(TEXTS[0], COLUMNS), COLUMNS, "klingon")
