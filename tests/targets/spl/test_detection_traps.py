"""What SQL means where SPL is easily wrong: nulls in keys, ties, absent groups, several rows for one.

Logs are of a few values, so that everything is alike in something. MCPSOAR_EXAMPLES sets their number.
"""

import os
import random
from dataclasses import replace
from typing import Any

import pytest

from mcpsoar.core.errors import Unsupported
from mcpsoar.detect.detection import parse
from mcpsoar.targets.spl import detection as spl
from mcpsoar.targets.spl.detection import largest
from tests.languages.spl import run
from tests.laws.test_detections import TEXTS, on_duckdb
from tests.targets.spl.splunk import COLUMNS, event
from tests.targets.spl.test_detections import MACROS

EXAMPLES = int(os.environ.get("MCPSOAR_EXAMPLES", "8"))
BEGIN_MS = 1_772_355_600_000
GIVES = "SELECT event_ms, event_key, server_name AS subject FROM"
OVER_ACTOR = "OVER (PARTITION BY actor_id ORDER BY event_ms, event_key)"
STATEMENTS = {
    "a key that is null is a partition": f"""WITH t AS (SELECT event_ms, event_key, server_name,
        ROW_NUMBER() {OVER_ACTOR} AS place FROM mcp_audit) {GIVES} t WHERE place = 2""",
    "no partition": f"""WITH t AS (SELECT event_ms, event_key, server_name,
        ROW_NUMBER() OVER (ORDER BY event_ms, event_key) AS place FROM mcp_audit
        WHERE decision = 'deny') {GIVES} t WHERE place <= 3""",
    "numbers and texts of the row before": f"""WITH t AS (SELECT event_ms, event_key,
        LAG(server_name) {OVER_ACTOR} AS server_name, LAG(chain_depth, 2) {OVER_ACTOR} AS depth
        FROM mcp_audit) {GIVES} t WHERE depth IS NULL OR depth >= 2""",
    "the row after": """WITH t AS (SELECT event_ms, event_key, server_name,
        LEAD(server_name) OVER (PARTITION BY actor_id ORDER BY event_ms, event_key) AS next
        FROM mcp_audit) SELECT event_ms, event_key, next AS subject FROM t WHERE server_name = 'a'""",
    "peers count whole": f"""WITH t AS (SELECT event_ms, event_key, server_name,
        COUNT(*) OVER (PARTITION BY actor_id ORDER BY event_ms) AS n,
        COUNT(tool_name) OVER (PARTITION BY actor_id ORDER BY event_ms) AS tools
        FROM mcp_audit) {GIVES} t WHERE n = 3 OR tools = 2""",
    "a range that slides": f"""WITH t AS (SELECT event_ms, event_key, server_name,
        COUNT(*) OVER (PARTITION BY actor_id ORDER BY event_ms
          RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) AS n,
        SUM(CASE WHEN decision = 'deny' THEN 1 ELSE 0 END) OVER (PARTITION BY actor_id ORDER BY event_ms
          RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) AS denied
        FROM mcp_audit WHERE server_name IS NOT NULL) {GIVES} t WHERE n > 1 AND denied < n""",
    "a range of no length": f"""WITH t AS (SELECT event_ms, event_key, server_name,
        COUNT(*) OVER (ORDER BY event_ms RANGE BETWEEN 0 PRECEDING AND CURRENT ROW) AS n
        FROM mcp_audit) {GIVES} t WHERE n = 2""",
    "sums of numbers": f"""WITH t AS (SELECT event_ms, event_key, server_name,
        SUM(chain_depth) OVER (PARTITION BY actor_id ORDER BY event_ms
          RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) AS n
        FROM mcp_audit WHERE chain_depth > 0) {GIVES} t WHERE n >= 4""",
    "the latest time of something": f"""WITH t AS (SELECT event_ms, event_key, server_name,
        MAX(CASE WHEN decision = 'deny' THEN event_ms END) OVER (PARTITION BY actor_id ORDER BY event_ms)
          AS denied_ms FROM mcp_audit) {GIVES} t WHERE event_ms - denied_ms BETWEEN 0 AND 1""",
    "a whole partition": f"""WITH t AS (SELECT event_ms, event_key, server_name,
        MIN(event_ms) OVER (PARTITION BY actor_id) AS first_ms,
        MAX(chain_depth) OVER (PARTITION BY actor_id) AS n
        FROM mcp_audit) {GIVES} t WHERE event_ms > first_ms AND n = 3""",
    "the largest strictly before": f"""WITH t AS (SELECT event_ms, event_key, server_name, chain_depth,
        MAX(chain_depth) OVER (PARTITION BY actor_id ORDER BY event_ms
          RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS n
        FROM mcp_audit) {GIVES} t WHERE chain_depth > n OR n IS NULL""",
    "the last rows": f"""WITH t AS (SELECT event_ms, event_key, server_name,
        SUM(CASE WHEN decision = 'deny' THEN 1 ELSE 0 END) OVER (PARTITION BY actor_id
          ORDER BY event_ms, event_key ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS n
        FROM mcp_audit) {GIVES} t WHERE n = 2""",
    "groups of nulls": """WITH g AS (SELECT actor_id, tool_name, MAX(server_name) AS server_name,
        MIN(event_key) AS event_key, MIN(event_ms) AS event_ms, COUNT(*) AS n, COUNT(chain_depth) AS depths,
        SUM(chain_depth) AS sum FROM mcp_audit GROUP BY actor_id, tool_name HAVING COUNT(*) > 1)
        SELECT mcp_audit.event_ms, mcp_audit.event_key, g.server_name AS subject FROM mcp_audit
        JOIN g ON mcp_audit.actor_id = g.actor_id
         AND COALESCE(mcp_audit.tool_name, '') = COALESCE(g.tool_name, '')
        WHERE g.depths < g.n OR g.sum > 4""",
    "distinct": f"""WITH g AS (SELECT DISTINCT actor_id, server_name FROM mcp_audit WHERE decision = 'deny')
        {GIVES} mcp_audit WHERE actor_id IN (SELECT actor_id FROM g WHERE server_name = 'a')""",
    "not in, with nulls in it": f"{GIVES} mcp_audit WHERE actor_id NOT IN "
    "(SELECT actor_id FROM mcp_audit WHERE decision = 'deny')",
    "not in nothing": f"{GIVES} mcp_audit WHERE actor_id NOT IN "
    "(SELECT actor_id FROM mcp_audit WHERE actor_id = 'nobody')",
    "not in, without nulls": f"{GIVES} mcp_audit WHERE actor_id NOT IN "
    "(SELECT actor_id FROM mcp_audit WHERE decision = 'deny' AND actor_id IS NOT NULL)",
    "totals": f"""WITH t AS (SELECT event_ms, event_key, server_name, (SELECT MIN(event_ms) FROM mcp_audit)
        AS first_ms FROM mcp_audit WHERE (SELECT COUNT(*) FROM mcp_audit WHERE decision = 'deny') > 1)
        {GIVES} t WHERE event_ms - first_ms >= 2""",
    "a total of nothing": f"{GIVES} mcp_audit WHERE event_ms > COALESCE("
    "(SELECT MAX(event_ms) FROM mcp_audit WHERE actor_id = 'nobody'), 0)",
    "other keys on each side": """WITH b AS (SELECT tool_name, server_name, chain_depth, ROW_NUMBER() OVER (
        PARTITION BY tool_name ORDER BY event_ms, event_key) AS place FROM mcp_audit)
        SELECT a.event_ms, a.event_key, b.server_name AS subject FROM mcp_audit AS a
        JOIN b ON a.actor_id = b.tool_name WHERE b.place = 1 AND b.chain_depth < 3""",
    "or none": """WITH b AS (SELECT tool_name, MAX(chain_depth) AS n FROM mcp_audit GROUP BY tool_name)
        SELECT a.event_ms, a.event_key, a.server_name AS subject FROM mcp_audit AS a
        LEFT JOIN b ON a.actor_id = b.tool_name WHERE COALESCE(b.n, 0) < 2""",
    "or none, with nulls on both sides": """WITH b AS (SELECT tool_name, MAX(chain_depth) AS n FROM mcp_audit
        GROUP BY tool_name) SELECT a.event_ms, a.event_key, a.server_name AS subject FROM mcp_audit AS a
        LEFT JOIN b ON a.tool_name = b.tool_name WHERE COALESCE(b.n, 0) < 2""",
    "several for one": """SELECT a.event_ms, a.event_key, b.server_name AS subject FROM mcp_audit AS a
        JOIN mcp_audit AS b ON a.actor_id = b.actor_id AND b.event_ms < a.event_ms AND b.chain_depth > 1""",
    "several for one, by other keys": """SELECT a.event_ms, a.event_key, b.server_name AS subject
        FROM mcp_audit AS a JOIN mcp_audit AS b ON a.actor_id = b.tool_name WHERE a.decision = 'deny'""",
    "several or none": """WITH b AS (SELECT tool_name, server_name FROM mcp_audit WHERE chain_depth = 2)
        SELECT a.event_ms, a.event_key, b.server_name AS subject FROM mcp_audit AS a
        LEFT JOIN b ON a.actor_id = b.tool_name WHERE a.decision = 'deny'""",
    "counted after several for one": """WITH t AS (SELECT a.event_ms, a.event_key, a.server_name,
        ROW_NUMBER() OVER (PARTITION BY a.event_ms, a.event_key ORDER BY b.event_ms, b.event_key) AS place
        FROM mcp_audit AS a JOIN mcp_audit AS b ON a.actor_id = b.actor_id)
        SELECT event_ms, event_key, server_name AS subject FROM t WHERE place = 3""",
    "grouped after several for one": """WITH t AS (SELECT a.event_ms, a.event_key, COUNT(*) AS n,
        MAX(b.server_name) AS server_name FROM mcp_audit AS a JOIN mcp_audit AS b ON a.actor_id = b.actor_id
        GROUP BY a.event_ms, a.event_key)
        SELECT event_ms, event_key, server_name AS subject FROM t WHERE n > 2""",
    "the same twice": """WITH t AS (SELECT event_ms, event_key,
        CASE WHEN LAG(server_name) OVER (PARTITION BY actor_id ORDER BY event_ms, event_key) IS NULL
          THEN tool_name
          ELSE LAG(server_name) OVER (PARTITION BY actor_id ORDER BY event_ms, event_key) END AS subject
        FROM mcp_audit) SELECT event_ms, event_key, subject FROM t WHERE subject IS NOT NULL""",
    "three in a row": """SELECT a.event_ms, a.event_key, c.server_name AS subject FROM mcp_audit AS a
        JOIN mcp_audit AS b ON a.actor_id = b.tool_name AND b.event_ms < a.event_ms
        JOIN mcp_audit AS c ON b.actor_id = c.tool_name AND c.event_ms < b.event_ms""",
    "smallest and largest differ": f"""WITH t AS (SELECT event_ms, event_key, server_name,
        MIN(server_name) OVER (PARTITION BY actor_id ORDER BY event_ms
          RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) AS least,
        MAX(server_name) OVER (PARTITION BY actor_id ORDER BY event_ms
          RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) AS most
        FROM mcp_audit WHERE server_name IS NOT NULL) {GIVES} t WHERE least <> most""",
    "another than its own": f"""WITH t AS (SELECT event_ms, event_key, server_name,
        MIN(CASE WHEN decision = 'deny' THEN server_name END) OVER (PARTITION BY actor_id ORDER BY event_ms
          RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) AS least,
        MAX(CASE WHEN decision = 'deny' THEN server_name END) OVER (PARTITION BY actor_id ORDER BY event_ms
          RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) AS most
        FROM mcp_audit) {GIVES} t WHERE least <> server_name OR most <> server_name""",
}


def log(rng: random.Random) -> list[dict[str, Any]]:
    found = []
    for number in range(rng.randrange(2, 14)):
        made: dict[str, Any] = {"event_id": f"{rng.choice('zab')}{number}"}
        made["event_time"] = BEGIN_MS + rng.randrange(6)
        made["actor_id"] = rng.choice((None, "x", "y", "7", "7.0"))
        made["tool_name"] = rng.choice((None, "x", "y", "7"))
        made["server_name"] = rng.choice((None, "a", "b", "10", "9"))
        made["decision"] = rng.choice((None, "deny", "allow"))
        made["chain_depth"] = rng.choice((None, 1, 2, 3))
        found.append({name: one for name, one in made.items() if one is not None})
    return found


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_gives_the_rows_of_the_engine(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(largest, "CHUNK", 3)
    made = parse(replace(TEXTS["error_loop"], id="error_loop", sql=STATEMENTS[name]), COLUMNS)
    query = spl.search(made.text, made.tree, COLUMNS)
    rng = random.Random(name)
    matched = 0
    for number in range(EXAMPLES):
        events = log(rng)
        wanted = made.columns | {"event_id"}
        placed = [
            event(one, at_ms=one["event_time"], received_ms=BEGIN_MS + 1000 * at, wanted=frozenset(wanted))
            | {"index": "mcp"}
            for at, one in enumerate(events)
        ]
        rows = run(query, placed, now_ms=0, macros=MACROS, reverse_ties=number % 2 == 1)
        found = sorted((row["event_key"], int(row["event_ms"]), row.get("subject") or "") for row in rows)
        assert found == on_duckdb(made, events)
        matched += len(found)
    assert matched


def test_beyond_all_chunks_the_largest_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(largest, "CHUNK", 2)
    made = parse(replace(TEXTS["error_loop"], sql=STATEMENTS["the largest strictly before"]), COLUMNS)
    query = spl.search(made.text, made.tree, COLUMNS)
    events = [event({"event_id": str(at), "chain_depth": at}, at_ms=BEGIN_MS + at) for at in range(1, 6)]
    for many in (4, 5):
        placed = [one | {"index": "mcp"} for one in events[:many]]
        rows = run(query, placed, now_ms=0, macros=MACROS)
        assert any(row["truncated"] == "true" for row in rows) is (many == 5)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        (f"{GIVES} mcp_audit UNION {GIVES} mcp_audit", "UNION"),
        (f"{GIVES} mcp_audit WHERE EXISTS (SELECT event_ms FROM mcp_audit)", "Exists"),
        (f"{GIVES} mcp_audit WHERE actor_id IN (SELECT tool_name FROM mcp_audit)", "IN another column"),
        (f"{GIVES} mcp_audit WHERE (SELECT COUNT(DISTINCT tool_name) FROM mcp_audit) > 1", "DISTINCT"),
        (
            f"""WITH t AS (SELECT event_ms, event_key, MIN(server_name) OVER (ORDER BY event_ms)
            AS server_name FROM mcp_audit) {GIVES} t""",
            r"MIN\(server_name\)",
        ),
    ],
    ids=["union", "exists", "in another", "count distinct", "smallest so far"],
)
def test_what_is_not_said_is_refused_with_the_reason(sql: str, why: str) -> None:
    made = parse(replace(TEXTS["error_loop"], sql=sql), COLUMNS)
    with pytest.raises(Unsupported, match=why):
        spl.search(made.text, made.tree, COLUMNS)
