"""`mcpsoar pack selftest`: what a person pastes, all of it or of one rule, and a mistake told in one line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from mcpsoar.kit.plain import hidden_in
from mcpsoar.lab.serving import serving
from mcpsoar.pack import detections, gates, rules
from tests.flow.typed import ran
from tests.languages import esql, spl
from tests.siems.asked_server import TOKEN, Asked
from tests.targets.spl.splunk import ROOT

HOSTILE = "a``` | delete `mcp` \u202e\x1b[2J\u200b"
RULE, GATE, DETECTION = "call_chain_too_deep", "unapproved-write-calls", "injection_then_write"
CASES = [
    *(f"{RULE}: {case.name}" for case in rules.load(ROOT, [RULE])[0].cases),
    *(f"{GATE}: {case.name}" for case in gates.load(ROOT, [GATE])[0].cases),
    *(f"{DETECTION}: {case.name}" for case in detections.load(ROOT, [DETECTION])[0].cases),
]


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """The pack with a case that has such a name and such a value."""
    for name in ("sql", "sigma_rules", "playbooks"):
        copytree(ROOT / name, tmp_path / name)
    (path,) = (tmp_path / "sigma_rules").rglob(f"{RULE}.cases.json")
    document = json.loads(path.read_text())
    document["cases"][0]["name"] = HOSTILE
    document["cases"][0]["events"][0]["server_name"] = HOSTILE
    path.write_text(json.dumps(document))
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    return lambda *words: ran(capsys, "pack", "selftest", *words)


@pytest.mark.parametrize("siem", ["splunk", "elastic"])
def test_every_case_of_a_rule_a_gate_and_a_detection_is_there(run: Any, siem: str) -> None:
    done = run(siem, DETECTION, GATE, RULE, "--format", "json")
    told = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert [one["case"] for one in told["checks"]] == CASES
    assert [one["why"] for one in told["checks"]] == [None] * len(CASES)


def test_what_is_printed_can_be_pasted_with_its_comment(run: Any) -> None:
    blocks = run("splunk", "call_chain_too_deep").out.strip().split("\n\n")
    assert len(blocks) == sum(name.startswith("call_chain_too_deep: ") for name in CASES)
    for block in blocks:
        comment, _, query = block.partition("\n")
        assert comment.startswith("``` call_chain_too_deep: ")
        (row,) = spl.run(query, [], now_ms=0)
        assert row["verdict"] == "ok"
    for block in run("elastic", "call_chain_too_deep").out.strip().split("\n\n"):
        comment, _, query = block.partition("\n")
        assert comment.startswith("// call_chain_too_deep: ")
        (row,) = esql.run(query, {}, now_ms=0)
        assert row["verdict"] == "ok"


def test_a_case_s_name_neither_ends_its_comment_nor_reaches_a_terminal(run: Any, planted: Path) -> None:
    done = run("splunk", RULE, "--pack", str(planted))
    first, *others = done.out.strip().split("\n\n")
    comment, _, query = first.partition("\n")
    assert comment == f"``` {RULE}: a''' | delete 'mcp' \\u202e\\x1b[2J\\u200b ```"
    (row,) = spl.run(query, [], now_ms=0)
    assert (row["verdict"], row["case"]) == ("ok", f"{RULE}: {HOSTILE}")
    assert (done.err, hidden_in(done.out.replace("\n", ""))) == ("", None)
    told = run("elastic", RULE, "--pack", str(planted))
    assert hidden_in(told.out.replace("\n", "")) is None
    assert told.out.count("// ") == len(others)
    assert f"left out: {RULE}: a'''" in told.err
    assert (done.code, told.code) == (0, 3)


UNSAID = "fan_out_spike"  # of which ES|QL has no query


@pytest.fixture
def refused(tmp_path: Path) -> Path:
    """The pack with a rule that both languages refuse."""
    for name in ("sql", "sigma_rules", "playbooks"):
        copytree(ROOT / name, tmp_path / name)
    (path,) = (tmp_path / "sigma_rules").rglob(f"{RULE}.yml")
    path.write_text(path.read_text().replace("chain_depth|gte: 8", "event_time|hour: 3"))
    return tmp_path


@pytest.mark.parametrize("siem", ["splunk", "elastic"])
def test_a_rule_that_is_refused_is_told_with_the_reason_and_is_a_3(
    run: Any, siem: str, refused: Path
) -> None:
    why = f"rule {RULE}: event_time|hour: parts of a time"
    done = run(siem, RULE, "--pack", str(refused))
    names = [name for name in CASES if name.startswith(f"{RULE}: ")]
    assert (done.code, done.out) == (3, "")
    for line, name in zip(done.err.strip().split("\n"), names, strict=True):
        assert line.startswith(f"left out: {name}: {why}")
    done = run(siem, RULE, "--pack", str(refused), "--format", "json")
    assert (done.code, done.err) == (3, "")
    assert [one["case"] for one in done.document["checks"]] == names
    for one in done.document["checks"]:
        assert one["query"] is None
        assert one["why"].startswith(why)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("qradar",), "no siem named 'qradar'; there are: elastic, splunk"),
        (("splunk", "call_chain_too_dep"), "no rule, gate or detection 'call_chain_too_dep'"),
    ],
)
def test_a_mistake_is_one_line(run: Any, words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@contextmanager
def profile(siem: str, server: Asked, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    with serving(server.asgi()) as url:
        kibana = f'kibana = "{url}"\n' if siem == "elastic" else 'app = "mcpsoar"\n'
        table = f'[profiles.prod.{siem}]\nurl = "{url}"\ntoken = {{ env = "SIEM_TOKEN" }}\n{kibana}'
        (folder / "mcpsoar.toml").write_text(table)
        monkeypatch.chdir(folder)
        monkeypatch.setenv("SIEM_TOKEN", TOKEN)
        yield


@pytest.mark.parametrize("siem", ["splunk", "elastic"])
def test_a_siem_that_answers_as_a_scan_does_is_a_0(
    run: Any, siem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Asked()
    with profile(siem, server, monkeypatch, tmp_path):
        done = run(siem, RULE, GATE, DETECTION, "--profile", "prod")
    assert done.code == 0
    assert done.out.count(" ok\n") == len(server.queries) == len(CASES)
    assert TOKEN not in done.out + done.err


def test_what_a_language_cannot_say_is_not_asked_and_is_a_3_with_its_reason(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Asked()
    with profile("elastic", server, monkeypatch, tmp_path):
        done = run("elastic", RULE, UNSAID, "--profile", "prod")
        told = run("elastic", UNSAID, "--profile", "prod", "--format", "json")
    rows = [line for line in done.out.split("\n") if line.startswith(f"{UNSAID}: ")]
    assert (done.code, told.code) == (3, 3)
    assert len(server.queries) == sum(RULE in name for name in CASES) == done.out.count(" ok\n")
    assert len(rows) == len(told.document["checks"])
    assert all("mcp_audit is read again" in row and row.endswith("cannot tell") for row in rows)
    for one in told.document["checks"]:
        assert (one["found"], one["verdict"]) == (None, "cannot tell")
        assert "mcp_audit is read again" in one["why"]


@pytest.mark.parametrize("siem", ["splunk", "elastic"])
def test_a_siem_that_answers_otherwise_is_a_1_and_names_the_case(
    run: Any, siem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(query: str) -> str:
        return query.replace("chain_depth>=8", "chain_depth>=9").replace(
            "chain_depth >= 8", "chain_depth >= 9"
        )

    with profile(siem, Asked(broken=broken), monkeypatch, tmp_path):
        done = run(siem, RULE, "--profile", "prod", "--format", "json")
    wrong = [one for one in done.document["checks"] if one["verdict"] == "WRONG"]
    assert done.code == 1
    assert [(one["case"], one["expected"], one["found"]) for one in wrong] == [
        (f"{RULE}: the eighth call of a chain, not the seventh", "001,002", "002")
    ]


@pytest.mark.parametrize("siem", ["splunk", "elastic"])
def test_an_answer_that_does_not_come_is_a_3(
    run: Any, siem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with profile(siem, Asked(broken=lambda query: query.replace(f"{RULE}:", "x:")), monkeypatch, tmp_path):
        done = run(siem, RULE, "--profile", "prod")
    assert done.code == 3
    assert "cannot tell" in done.out


def test_a_token_that_is_refused_is_said_once(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Asked()
    with profile("splunk", server, monkeypatch, tmp_path):
        monkeypatch.setenv("SIEM_TOKEN", "another")
        done = run("splunk", RULE, "--profile", "prod")
    assert (done.code, done.out, server.queries) == (3, "", [])
    assert "401" in done.err
