"""`sigma convert -t mcpsoar-sql` says correlations too."""

import json

import duckdb
import pytest
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError
from sqlglot import exp, parse_one

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets import correlation as correlations
from mcpsoar.targets.bridge import dialect as dialects
from sigma.backends.mcpsoar import McpsoarSql
from tests.targets.correlation.asking import Engine, built, correlation

RULES = """
title: a
name: a
logsource: {category: test}
detection:
  one: {x: yes}
  condition: one
---
title: many
name: many
correlation:
  type: value_sum
  rules: [a]
  group-by: [usr]
  timespan: 1m
  condition: {gte: 5, field: size}
"""
NESTED = """
---
title: more
correlation:
  type: event_count
  rules: [many]
  timespan: 1h
  condition: {gte: 2}
"""


def test_a_correlation_becomes_a_statement_that_runs() -> None:
    (query,) = McpsoarSql().convert(SigmaCollection.from_yaml(RULES))
    with duckdb.connect() as database:
        database.execute("CREATE TABLE events (event_ms BIGINT, x TEXT, usr TEXT, size TEXT)")
        rows = (
            "(0, 'true', 'u', '3'), (9, 'true', 'u', 'none'), (59999, 'true', 'u', '2')"  # none is no number
        )
        database.execute(f"INSERT INTO events VALUES {rows}")
        assert database.execute(query).fetchall() == [(59999, "u")]


def test_a_correlation_of_correlations_counts_their_matches() -> None:
    (query,) = McpsoarSql().convert(SigmaCollection.from_yaml(RULES + NESTED))
    rows = [(0, "3"), (59_999, "2"), (60_000, "9"), (3_700_000, "5"), (7_400_000, "1")]
    with duckdb.connect() as database:
        database.execute("CREATE TABLE events (event_ms BIGINT, x TEXT, usr TEXT, size TEXT)")
        database.executemany("INSERT INTO events VALUES (?, 'true', 'u', ?)", rows)
        # the sum holds at 59 999, 60 000 and 3 700 000 ms; twice within one hour at the second alone
        assert database.execute(query).fetchall() == [(60_000,)]


AUDIT = """
title: b
name: b
logsource: {product: mcp, service: audit}
detection:
  one: {decision: allow}
  condition: one
---
"""


ALIKE = """
---
title: again
name: again
correlation:
  type: event_count
  rules: [a, c]
  group-by: [who]
  aliases: {who: {a: usr, c: size}}
  timespan: 1m
  condition: {gte: 2}
---
title: both
correlation:
  type: event_count
  rules: [many, again]
  timespan: 1m
  condition: {gte: 4}
---
title: c
name: c
logsource: {category: test}
detection:
  one: {x: yes, size: 9}
  condition: one
"""


def test_events_alike_in_all_columns_are_as_many_as_they_are() -> None:
    """Two that `many` matches and `again` too, by `usr` and by `size`: six in all, or four were they one."""
    made = McpsoarSql().convert(SigmaCollection.from_yaml(RULES + ALIKE))
    with duckdb.connect() as database:
        database.execute("CREATE TABLE events (event_ms BIGINT, x TEXT, usr TEXT, size TEXT)")
        database.execute("INSERT INTO events VALUES (0, 'true', 'u', '9'), (0, 'true', 'u', '9')")
        assert database.execute(made[-1]).fetchall() == [(0,)] * 6


def test_rules_of_different_tables_are_not_correlated() -> None:
    text = AUDIT + RULES.replace("rules: [a]", "rules: [a, b]")
    with pytest.raises(SigmaError, match="different tables"):
        McpsoarSql().convert(SigmaCollection.from_yaml(text))


def test_a_rule_and_a_correlation_are_not_correlated() -> None:
    text = RULES + NESTED.replace("[many]", "[many, a]")
    with pytest.raises(SigmaError, match="'a' is a rule among correlations: of one sort only"):
        McpsoarSql().convert(SigmaCollection.from_yaml(text))


def test_correlations_of_different_tables_are_not_correlated() -> None:
    audit = AUDIT + RULES.partition("---")[2].replace("many", "few").replace("[a]", "[b]").strip()
    audit = audit.replace("size", "bytes_out").replace("usr", "actor_id")
    nested = NESTED.replace("[many]", "[many, few]")
    with pytest.raises(SigmaError, match="the correlations ask different tables"):
        McpsoarSql().convert(SigmaCollection.from_yaml(f"{audit}\n---{RULES}{nested}"))


@pytest.mark.parametrize(
    "said",
    [
        "type: event_count, group-by: [token_aud], condition: {gte: 2}",
        "type: value_count, group-by: [actor_id], condition: {gte: 2, field: token_aud}",
        "type: value_count, group-by: [actor_id], condition: {gte: 2, field: [tool_name, token_aud]}",
        "type: temporal, group-by: [who], aliases: {who: {b: token_aud}}",
    ],
)
def test_a_list_is_neither_grouped_by_nor_counted(said: str) -> None:
    text = f"{AUDIT}title: c\nname: c\ncorrelation: {{rules: [b], timespan: 1m, {said}}}\n"
    with pytest.raises(SigmaError, match="token_aud is a list: nothing to group by or to count"):
        McpsoarSql().convert(SigmaCollection.from_yaml(text))


@pytest.mark.parametrize(
    ("inner", "outer", "statements"),
    [("false", "false", 1), ("true", "false", 2), ("false", "true", 2), ("true", "true", 3)],
)
def test_what_is_referred_to_is_converted_where_it_is_to_be_generated(
    inner: str, outer: str, statements: int
) -> None:
    text = RULES.rstrip() + f"\n  generate: {inner}\n" + NESTED.rstrip() + f"\n  generate: {outer}\n"
    queries = McpsoarSql().convert(SigmaCollection.from_yaml(text))
    assert len(queries) == statements
    assert '"mcpsoar_inner_0"' in queries[-1]


def test_names_and_texts_of_any_letters_are_quoted(engine: Engine) -> None:
    """A field may hold quotes, key words and ends of statements."""
    names = ['we"ird', "a b; DROP TABLE events --", "select", "Ünï.côde", "it's", "back\\slash", "[x]", "a`b"]
    columns = ", ".join(f"{exp.to_identifier(name, quoted=True).sql(engine.dialect)} TEXT" for name in names)
    cursor = engine.database.cursor()
    cursor.execute("DROP TABLE IF EXISTS names")
    cursor.execute(f"CREATE TEMP TABLE names (event_ms BIGINT, x TEXT, {columns})")
    texts = ", ".join(["'g'"] * len(names))
    cursor.execute(f"INSERT INTO names VALUES (0, 'o''r', {texts}), (1, 'o''r', {texts})")
    text = RULES.replace("{x: yes}", """{x: "o'r"}""").replace("[usr]", json.dumps(names))
    text = text.replace("value_sum", "value_count").replace("{gte: 5, field: size}", "{eq: 1, field: FIELD}")
    text = text.replace("FIELD", json.dumps(names[0])) + NESTED.replace(
        "rules: [many]", "rules: [many]\n  group-by: GROUP"
    )
    collection = SigmaCollection.from_yaml(text.replace("GROUP", json.dumps(names)))
    (query,) = McpsoarSql(dialect=engine.dialect, table="names").convert(collection)
    cursor.execute(query)
    assert [column[0] for column in cursor.description] == ["at_ms", *names]
    assert cursor.fetchall() == [(1, *["g"] * len(names))]


KINDS = {
    "event_count": "{gte: 2}",
    "value_count": "{gte: 2, field: val}",
    "temporal": "{gte: 2}",
    "temporal_ordered": "{gte: 3}",
    "value_sum": "{gte: 2, field: val}",
    "value_avg": "{gte: 2, field: val}",
    "value_percentile": "{gte: 2, field: val, percentile: 90}",
    "value_median": "{gte: 2, field: val}",
}
REFUSED = {"clickhouse": {"value_count"}, "mysql": set(KINDS), "redshift": set(KINDS)}
UNGROUPED = {**REFUSED, "mysql": {"value_count"}}  # nothing to merge but values


@pytest.mark.parametrize("name", dialects.DIALECTS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("group", "refused"), [("  group-by: [usr]\n", REFUSED), ("", UNGROUPED)])
def test_each_dialect_has_a_statement_that_its_parser_reads_or_a_reason(
    kind: str, name: str, group: str, refused: dict[str, set[str]]
) -> None:
    rule = correlation(kind, f"{group}  condition: {KINDS[kind]}")
    if kind in refused.get(name, ()):
        with pytest.raises(Unsupported, match=f"{kind} cannot be said in {name}: "):
            correlations.refuse(rule, name)
        return
    correlations.refuse(rule, name)
    text = dialects.text(correlations.ordered(built(rule), name), name)
    tree = parse_one(text, read=name)
    assert isinstance(tree, exp.Select)
    assert not list(tree.find_all(exp.Command))
    assert "NULLS" not in text  # not all dialects can say where NULL sorts, and no time is NULL


@pytest.mark.parametrize("kind", [one for one in KINDS if one != "value_count"])
def test_clickhouse_looks_back_not_quite_25_days(kind: str) -> None:
    """2 147 483 647 ms lie between these; an order has no such frame."""
    correlations.refuse(correlation(kind, f"  condition: {KINDS[kind]}", span="2147483s"), "clickhouse")
    rule = correlation(kind, f"  condition: {KINDS[kind]}", span="2147484s")
    if kind == "temporal_ordered":
        correlations.refuse(rule, "clickhouse")
        return
    with pytest.raises(Unsupported, match=f"{kind} cannot be said in clickhouse: its RANGE reaches"):
        correlations.refuse(rule, "clickhouse")
