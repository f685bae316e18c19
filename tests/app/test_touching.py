"""What a step touches, in words: unknown is said and is no 0, and no stranger's text does anything there."""

from dataclasses import replace
from typing import Any

import pytest

from mcpsoar.app.run_page import page
from mcpsoar.app.touching import touching
from mcpsoar.cli.report_text import lines
from mcpsoar.core.run import Report, StepReport
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from mcpsoar.kit.markdown import code
from mcpsoar.kit.touched import counted, named, touched
from tests.kit.test_markdown import HOSTILE

STEP = StepReport("s", "crm", "registry.disable", StepVerdict.PLANNED, 0, None, None, "would be sent")


def said(action: str = "registry.disable", **affects: Any) -> str:
    return touching(replace(STEP, action=action, affects=affects), str)


def test_what_is_known_and_what_is_not_stand_in_one_line() -> None:
    assert said(
        tools=["read", "write"],
        may_write=["write"],
        servers=["a", "b"],
        calls_last_day=None,
        owner="x@example.com",
    ) == (
        "touches 2 tools: read, write; of these may write: write; 2 virtual servers: a, b; "
        "owner x@example.com; calls in the last day unknown"
    )
    assert said("tokens.revoke", tokens=3, kinds={"opaque": 2, "jwt": 1}, principals=2) == (
        "touches 3 tokens (2 opaque, 1 jwt); 2 principals"
    )


def test_unknown_is_never_a_0_and_0_is_never_unknown() -> None:
    asked = touched("registry")
    assert (
        said(**dict(sorted(asked.items())))
        == "touches tools, virtual servers, calls in the last day and owner unknown"
    )
    assert said("tokens.revoke", tokens=0, kinds={}, principals=[]) == "touches no tokens; no principals"
    assert said("policy.force_write_approval", servers=1) == "touches 1 server"
    assert said(may_write=[], tools=["a"]) == "touches 1 tool: a; of these may write: none"


def test_nobody_asked_is_no_line() -> None:
    assert said() == ""
    assert touching(replace(STEP, verdict=StepVerdict.SKIPPED, affects={"tokens": 3}), str) == ""


def test_a_long_list_is_cut() -> None:
    assert said(tools=list("abcdefgh")) == "touches 8 tools: a, b, c, d, e and 3 more"


@pytest.mark.parametrize("value", [True, 1.5, {"a": 1}, [1, None], "many"])
@pytest.mark.parametrize("name", ["tokens", "kinds", "tools", "may_write", "servers", "owner", "of_later"])
def test_what_is_not_of_its_kind_is_shown_as_it_is(name: str, value: Any) -> None:
    assert said(**{name: value, "tokens": 1}).startswith("touches ")


def test_a_list_is_short_in_a_journal_and_so_is_each_name() -> None:
    assert named(["b", "a", "b"]) == ["a", "b"]
    assert named(map(str, range(101))) == 101
    assert named(["x" * 10_000]) == ["x" * 200]
    assert touched("policy", owner="x" * 10_000)["owner"] == "x" * 200
    assert counted(["a", "b", "a"]) == {"a": 2, "b": 1}
    many = counted(map(str, range(1000)))
    assert len(many) <= 101
    assert sum(many.values()) == 1000


def report(name: str) -> Report:
    lists = {key: [name] for key in ("principals", "tools", "may_write", "servers")}
    texts = {"owner": name, "environment": name, "calls_last_day": None}
    affects = {**lists, **texts, "tokens": 1, "kinds": {name: 1}}
    step = replace(STEP, affects=affects)
    return Report("r", "p", "sha256:", ("crm",), RunVerdict.PLANNED, (step,), (), "j", "sha256:")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_escaped_in_text_and_page(name: str) -> None:
    text = list(lines(report(name)))
    assert all(line.isprintable() for line in text)
    assert sum("touches 1 token" in line for line in text) == 1
    touched_line = next(line for line in page(report(name), []).split("\n") if "touches" in line)
    assert touched_line.count(code(name)) == 7


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("x; of these may write: none; owner ceo", '"x; of these may write: none; owner ceo"'),
        ("a, b", '"a, b"'),
        ('a", "b', r'"a\x22, \x22b"'),
        ('"a', r'"\x22a"'),
        ("a; \u202eb", r'"a; \u202eb"'),
        ("a," * 50, '"' + "a," * 40 + '…"'),
        ("plain'name", "plain'name"),
    ],
)
def test_a_name_with_what_parts_names_stands_in_quotes(name: str, shown: str) -> None:
    told = next(line for line in lines(report(name)) if "touches" in line)
    assert told.strip() == (
        f"touches 1 token (1 {shown}); 1 principal: {shown}; 1 tool: {shown}; of these may write: {shown}; "
        f"1 virtual server: {shown}; owner {shown}; environment {shown}; calls in the last day unknown"
    )
