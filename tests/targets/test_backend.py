"""`sigma` itself finds the backend: listed, converting, refusing by name."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mcpsoar.targets.bridge.dialect import DIALECTS

RULE = """
title: Any
id: 7f1a4f0c-1111-4222-8333-944445555666
status: test
level: low
logsource: {SOURCE}
detection:
  a: {ITEM}
  condition: a
"""
AUDIT = "{product: mcp, service: audit}"


def sigma(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "sigma"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def converted(folder: Path, item: object, *options: str, source: str = "{product: windows}") -> str:
    path = folder / "any.yml"
    path.write_text(RULE.replace("{SOURCE}", source).replace("{ITEM}", json.dumps(item)), encoding="utf-8")
    done = sigma("convert", "-t", "mcpsoar-sql", *options, path)
    return done.stdout + (done.stderr if done.returncode else "")


def test_sigma_lists_the_target() -> None:
    assert "mcpsoar-sql" in sigma("list", "targets").stdout
    formats = sigma("list", "formats", "mcpsoar-sql").stdout
    assert all(name in formats for name in DIALECTS)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), """SELECT * FROM "events" WHERE COALESCE(REGEXP_MATCHES("File Name", 'a'), FALSE)"""),
        (("-f", "postgres"), """SELECT * FROM "events" WHERE COALESCE("File Name" ~ 'a', FALSE)"""),
        (("-O", "dialect=spark"), "SELECT * FROM `events` WHERE COALESCE(`File Name` RLIKE 'a', FALSE)"),
        (("-O", "table=lake.log"), """SELECT * FROM "lake"."log" WHERE"""),
        (("-O", "columns=other, more"), "COALESCE(REGEXP_MATCHES(NULL, 'a'), FALSE)"),
    ],
)
def test_sigma_converts_to_the_dialect_and_table_asked_for(
    options: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    assert expected in converted(tmp_path, {"File Name|re": "a"}, *options)


def test_keywords_search_the_column_that_is_named(tmp_path: Path) -> None:
    assert "keywords search raw text" in converted(tmp_path, ["word"])
    assert """LOWER("message") LIKE '%word%'""" in converted(tmp_path, ["word"], "-O", "raw=message")


def test_a_rule_on_our_log_asks_the_typed_table(tmp_path: Path) -> None:
    text = converted(tmp_path, {"chain_depth": 3}, source=AUDIT)
    assert "FROM mcp_audit)" in text
    assert """FROM "audit_events" WHERE COALESCE("chain_depth" = 3, FALSE)""" in text


def test_our_log_is_typed_wherever_it_is(tmp_path: Path) -> None:
    text = converted(tmp_path, {"chain_depth": 3}, "-O", "table=lake.MCP_AUDIT", source=AUDIT)
    assert """FROM "lake"."MCP_AUDIT")""" in text
    assert """COALESCE("chain_depth" = 3, FALSE)""" in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("dialect=nope",), "Parameter 'dialect=nope (there are bigquery, clickhouse,"),
        (("dialect=it's",), "Parameter 'dialect=its (there are bigquery,"),
        (("tabel=x",), "Parameter 'tabel' is not supported by backend 'mcpsoar-sql'"),
        (("table=",), "Parameter 'table= (names nothing)'"),
        (("table=a..b",), "a..b is no name of a table"),
        (("table=a.b.c.d",), "a.b.c.d is no name of a table"),
        (("table=a", "table=b"), "given more than once"),
        (("raw= ",), "Parameter 'raw= (names nothing)'"),
        (("columns=",), "Parameter 'columns= (names nothing)'"),
        (("columns=a,,b",), "one of them has no name"),
        (("time=",), "Parameter 'time= (names nothing)'"),
    ],
)
def test_an_option_that_says_nothing_is_refused_in_one_line(
    options: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "any.yml"
    path.write_text(RULE.replace("{SOURCE}", "{product: linux}").replace("{ITEM}", '{"a": 1}'))
    done = sigma("convert", "-t", "mcpsoar-sql", *(word for one in options for word in ("-O", one)), path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert said in " ".join(done.stderr.split())
    assert not done.stdout


def test_a_table_may_be_called_by_a_number(tmp_path: Path) -> None:
    assert """FROM "2026" WHERE""" in converted(tmp_path, {"a": "x"}, "-O", "table=2026")


def test_a_pipeline_renames_fields_and_gives_the_values_of_expand(tmp_path: Path) -> None:
    pipeline = tmp_path / "pipeline.yml"
    pipeline.write_text(
        "name: own\npriority: 10\nvars: {hosts: [dc1, dc2]}\ntransformations:\n"
        "- {id: m, type: field_name_mapping, mapping: {Host: host_name}}\n"
        "- {id: v, type: value_placeholders}\n",
        encoding="utf-8",
    )
    text = converted(tmp_path, {"Host|expand": "%hosts%"}, "-p", str(pipeline))
    assert """LOWER("host_name") IN ('dc1', 'dc2')""" in text
    assert "no list to expand from" in converted(tmp_path, {"Host|expand": "%hosts%"})


def test_what_a_dialect_lacks_is_refused_by_name_and_the_rest_goes_on(tmp_path: Path) -> None:
    item = {"a|re": "(?=x)y"}
    assert "clickhouse has no lookaround" in converted(tmp_path, item, "-f", "clickhouse")
    assert "(?=x)y" in converted(tmp_path, item, "-f", "trino")
    (tmp_path / "good.yml").write_text(
        RULE.replace("{SOURCE}", "{product: linux}").replace("{ITEM}", '{"b": 1}'), encoding="utf-8"
    )
    text = sigma("convert", "-t", "mcpsoar-sql", "-s", tmp_path).stdout
    assert '"b"' in text
    assert "lookaround" in text or '"a"' not in text
