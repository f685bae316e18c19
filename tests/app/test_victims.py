"""Who is contained: lists and findings as they come, and what a log may not choose."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app.victims import Chosen, allow, choose, refuse
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import Profile

HOSTILE = "a\x1b[31m\u202eb"
PROFILE = Profile("p", {}, None, "mcpsoar.toml")


def gates(*groups: tuple[str, str], state: str = "page", **more: Any) -> str:
    listed = [{"key": key, "state": own, "numerator": 1, "denominator": None} for key, own in groups]
    return json.dumps(
        {"as_of": "…", **more, "gates": [{"gate": "g", "state": state, "groups": listed}]}, indent=1
    )


def claim(*servers: str, count: int | None = None, playbook: str = "contain-server") -> dict[str, Any]:
    return {
        "rule": "r",
        "playbook": playbook,
        "servers": [{"server": name, "count": 1} for name in servers],
        "server_count": len(servers) if count is None else count,
        "evidence": [{"event_id": "e", "at": "…", "server": None, "subject": "s"}],
    }


def scan(*claims: dict[str, Any], **more: Any) -> str:
    return json.dumps({"findings": list(claims), "failed": [], "not_evaluable": [claim("other")], **more})


def line(state: str, **said: Any) -> str:
    return json.dumps({"state": state, **claim("github"), **said})


@pytest.fixture
def chosen(tmp_path: Path) -> Any:
    def made(text: str | bytes, *typed: str, **options: Any) -> Chosen:
        path = tmp_path / "said"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return choose(typed, str(path), **options)

    return made


@pytest.fixture
def bad(chosen: Any, tmp_path: Path) -> Any:
    def made(*said: Any, **options: Any) -> tuple[str, str, str]:
        with pytest.raises(Usage) as caught:
            chosen(*said, **options)
        error = caught.value
        assert str(error).isprintable()
        return (
            (error.where or "").replace(str(tmp_path / "said"), "said"),
            error.message,
            error.next_command or "",
        )

    return made


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("# ours\njira\ngithub\njira\n", ("jira", "github")),
        (gates(("github", "page"), ("crm", "warn"), ("", "page")), ("github",)),
        (gates(("github", "page"), state="warn") + gates(("jira", "page")), ("jira",)),
        (scan(claim("jira", "github"), claim("jira")), ("jira", "github")),
        (line("found") + "\n" + line("not_evaluable", servers=[]) + "\n", ("github",)),
        (
            "\ufeff \n" + gates(("github", "page")) + "\n\n" + line("found", **claim("jira")),
            ("github", "jira"),
        ),
        (scan(claim("shadow", playbook="none"), claim("github")), ("github",)),
    ],
    ids=["list", "gates", "two documents", "scan", "ndjson", "mixed", "no playbook"],
)
def test_servers_are_those_that_page_or_that_findings_name(
    chosen: Any, text: str, servers: tuple[str, ...]
) -> None:
    assert chosen(text).servers == servers
    assert chosen(text, "crm").servers == ("crm", *servers)
    assert chosen(text, "crm").typed == ("crm",)


def test_an_event_may_name_a_server_that_no_count_has(chosen: Any) -> None:
    told = claim(count=1)
    told["evidence"][0]["server"] = "github"
    assert chosen(scan(told)).servers == ("github",)


def test_what_findings_say_of_their_logs_is_kept(chosen: Any) -> None:
    assert chosen(gates(("github", "page"), logs=["a", "b"]) + line("found", logs=["b"])).logs == ("a", "b")
    assert chosen(scan(claim("github"))).logs == (None,)
    assert chosen("github").logs == ()
    assert chosen(scan(claim("x", playbook="none"), claim("github"))).silent == 1


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ('{"gates": [', "said:1", "is not JSON"),
        (line("found") + "\n{]\n", "said:2", "is not JSON"),
        (line("found") + "\nnull\n", "said:2", "is not as gates check"),
        (line("found") + '\n{"a": 1, "a": 2}', "said:2", "a key stands twice"),
        ('{"gates": [{"state": "page"}]}', "said:1", "is not as gates check"),
        ('{"gates": 7}', "said:1", "is not as gates check"),
        ('{"findings": [{"servers": [7]}]}', "said:1", "is not as gates check"),
        ('{"state": "found"}', "said:1", "is not as gates check"),
        ("\n\n" + scan({**claim("x"), "server_count": "7"}), "said:3", "is not as gates check"),
        ('{"error": "held"}', "said:1", "is not as gates check"),
        ("{" + '"a":[' * 5000, "said:1", "is not"),
        ('{"a": 1' + "0" * 5000 + "}", "said:1", "is not plain JSON"),
        (b'{\n"gates": "\xff"}', "said:2", "is not UTF-8"),
        (gates(("github", "warn")), "said", "name no server"),
        (
            "\n".join([line("found"), line("found", **claim("a", count=7))]),
            "said:2",
            "of 7 servers and names 1",
        ),
        ("github\na b\n", "said:2", "'a b' is no server name"),
        ("", "said", "holds no name"),
    ],
)
def test_what_is_neither_names_nor_findings_is_told_by_its_line(
    bad: Any, text: str, place: str, why: str
) -> None:
    where, message, _ = bad(text)
    assert where == place
    assert why in message


def test_a_log_that_names_too_many_chooses_nobody(bad: Any, chosen: Any) -> None:
    many = gates(*((f"s{n}", "page") for n in range(11)))
    _, message, again = bad(many)
    assert message.startswith(
        "11 servers are named and --max-servers allows 10, so nothing was sent: 's0', 's1'"
    )
    assert "--max-servers" not in again, "what a log asks for is not there to be pasted"
    assert len(chosen(many, at_most=11).servers) == 11
    assert bad(many, "mine", at_most=11)[1].startswith("12 servers")
    assert len(chosen("\n".join(f"s{n}" for n in range(30))).servers) == 30, "a list is a person's"
    assert bad("\n".join(f"s{n}" for n in range(30)), at_most=29)[1].endswith("and 10 more")


def test_a_name_that_no_server_has_stops_the_findings_and_is_shown_harmlessly(bad: Any, chosen: Any) -> None:
    text = gates(("github", "page"), (HOSTILE, "page"), ("../x", "page"))
    where, message, again = bad(text, command="mcpsoar contain --from said --yes")
    assert where == "said:1"
    assert "'a\\x1b[31m\\u202eb', '../x'" in message
    assert again == "mcpsoar contain SERVER", "no --without on a terminal is that name"
    assert bad(text, "mine", command="mcpsoar contain mine --from -")[2] == "mcpsoar contain mine"
    typable = gates(("github", "page"), ("../x", "page"))
    again = bad(typable, command="mcpsoar contain --from said --yes")[2]
    assert again == "mcpsoar contain --from said --yes --without ../x"
    assert chosen(text, without=(HOSTILE, "../x")).servers == ("github",)


@pytest.mark.parametrize("name", ["principal:admin", "tool:merge@github"])
def test_a_log_names_servers_and_neither_people_nor_tools(bad: Any, chosen: Any, name: str) -> None:
    assert "no server is called so" in bad(gates((name, "page")))[1]
    assert chosen(name).servers == (name,), "a person may"


def test_what_is_left_out_by_name_leaves_something(bad: Any) -> None:
    assert "no server is left" in bad(gates(("github", "page")), without=["github"])[1]


@pytest.mark.parametrize(
    ("text", "without"),
    [
        (gates(("github", "page")), ["github"]),
        (scan(claim("a", "b", count=9)), []),
        ("{", []),
        ("# nobody", []),
        ("a\u202eb", []),
    ],
)
@pytest.mark.parametrize("verb", ["contain", "release"])
def test_whatever_a_source_says_servers_can_be_named(
    bad: Any, text: str, without: list[str], verb: str
) -> None:
    command = f"mcpsoar {verb} --from said --yes"
    assert bad(text, without=without, command=command)[2] == f"mcpsoar {verb} SERVER"


def test_who_names_nobody_is_told_of_the_same_command() -> None:
    with pytest.raises(Usage) as caught:
        choose((), command="mcpsoar release --yes")
    assert caught.value.next_command == "mcpsoar release SERVER"


@pytest.mark.parametrize(
    ("typed", "protected_too", "stops"),
    [((), False, True), ((), True, True), (("idp",), False, True), (("idp",), True, False)],
)
def test_a_protected_server_is_contained_only_when_a_person_types_it_and_says_so(
    chosen: Any, typed: tuple[str, ...], protected_too: bool, stops: bool
) -> None:
    profile = Profile("p", {}, None, "mcpsoar.toml", protected=("idp",))
    for text in (gates(("idp", "page"), ("github", "page")), "idp\ngithub"):
        asked = chosen(text, *typed)
        if not stops:
            allow(asked, profile, protected_too=protected_too, command="mcpsoar contain")
            continue
        with pytest.raises(Usage, match="'idp' is protected") as caught:
            allow(asked, profile, protected_too=protected_too, command="mcpsoar contain")
        assert caught.value.next_command in (
            "mcpsoar contain --without idp",
            "mcpsoar contain --protected-too",
        )
        assert ("--protected-too" in str(caught.value.next_command)) is bool(typed)


def test_a_protected_server_hides_behind_no_second_name() -> None:
    profile = Profile("p", {}, None, "mcpsoar.toml", protected=("idp",))
    means = {"idp": "9f3c", "IdP-slug": "9f3c", "github": "77"}
    asked = Chosen(("github", "IdP-slug"), ("github",), found=True)
    allow(asked, profile, protected_too=True, command="mcpsoar contain")
    with pytest.raises(Usage, match="'IdP-slug' is protected"):
        refuse(asked, profile, means, protected_too=True, command="mcpsoar contain")
    for name in ("tool:login@idp", "tool:login@IdP-slug", "IDP"):
        with pytest.raises(Usage, match=f"'{name}' is protected"):
            refuse(Chosen((name,), (name,)), profile, means, protected_too=False, command="mcpsoar contain")
    with pytest.raises(Usage, match="'9f3c' is protected"):
        refuse(Chosen(("9f3c",), ("9f3c",)), profile, means, protected_too=False, command="mcpsoar contain")


@pytest.mark.parametrize(
    ("logs", "is_trusted"),
    [
        (["/var/log/mcp/a.ndjson"], True),
        (["-"], True),
        (["/var/log/mcp/../../tmp/a"], False),
        (["/var/log/mcp/a", "/tmp/a\x1b[31m"], False),
        (["/VAR/LOG/MCP/a"], False),
        (None, False),
    ],
)
def test_findings_of_a_log_that_is_not_trusted_choose_nobody(
    chosen: Any, logs: Any, is_trusted: bool
) -> None:
    profile = Profile("p", {}, None, "mcpsoar.toml", trusted_sources=("/var/log/mcp/*", "-"))
    asked = chosen(gates(("github", "page"), **({"logs": logs} if logs else {})))
    allow(asked, PROFILE, protected_too=False, command="mcpsoar contain")
    allow(chosen("github"), profile, protected_too=False, command="mcpsoar contain")
    if is_trusted:
        allow(asked, profile, protected_too=False, command="mcpsoar contain")
        return
    with pytest.raises(Usage, match="none of trusted_sources") as caught:
        allow(asked, profile, protected_too=False, command="mcpsoar contain")
    assert str(caught.value).isprintable()


def test_a_dash_is_standard_input_and_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, place in (('{"gates": [\n', "standard input:2"), ("a b", "standard input:1")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        with pytest.raises(Usage) as caught:
            choose((), "-")
        assert caught.value.where == place
