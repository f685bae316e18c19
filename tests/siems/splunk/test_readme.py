"""The README of the pack: its three events do what it says, its limits and names are those of the pack."""

import json
import re

from mcpsoar.pack.overlay import RuleTuning, Tuning
from mcpsoar.siems.in_splunk import gates, health, rules
from tests.languages.spl import run
from tests.siems.splunk import built
from tests.siems.splunk.test_rules import indexed

NOW_S = 1_790_000_400
README = built.files()["mcpsoar/README.md"].decode()
EVENTS = [
    indexed(json.loads(line.replace("NOW", str(NOW_S))), at_s=NOW_S, received_s=NOW_S + 5, place=place)
    for place, line in enumerate(re.findall(r'^ *(\{"event_time": NOW.*\})$', README, re.MULTILINE))
]


def test_the_three_events_do_what_is_said_of_them() -> None:
    assert len(EVENTS) == 3
    now_ms = (NOW_S + 120) * 1000
    for gate, server, event in (
        ("unapproved-write-calls", "try-crm", "try-2"),
        ("registry-drift", "try-lab", "try-3"),
    ):
        (row,) = built.ran(built.files(), gates.state_name(gate), EVENTS, now_ms=now_ms)
        assert (row["state"], row["evidence"], row["groups"]) == ("page", event, f"page 1 {server}")
    for rule in built.content().rules:
        rows = built.ran(built.files(), rules.name(rule.id), EVENTS, now_ms=(NOW_S + 200) * 1000)
        if rule.id == "call_allowed_to_denied_server":
            assert [row["event_id"] for row in rows] == ["try-3"]
        assert "try-1" not in {row["event_id"] for row in rows}, rule.id


def test_every_name_in_it_is_one_of_the_pack() -> None:
    shipped = {*built.macros(built.files()), *built.searches(built.files())}
    shipped |= set(built.stanzas(built.files(), "mcpsoar/default/collections.conf"))
    named = set(re.findall(r"`(mcp_[a-z_]+|MCP [^`]+)`", README))
    assert named >= {"mcp_audit_events", health.TRUNCATED, gates.name("scope-mismatch")}
    assert named <= shipped
    assert not re.search("@[A-Z_]+@", README)


def test_the_filter_that_it_shows_is_quiet_about_one_server_alone() -> None:
    shown = re.search(r"`(where isnull\(server_name\).*?)` \|", README)
    assert shown
    rows = [{"_time": 1, "place": "1", "server_name": "lab"}, {"_time": 1, "place": "2"}]
    rows += [{"_time": 1, "place": "3", "server_name": "LAB"}]
    found = run(f"place=* | {shown[1]}", rows, now_ms=0)
    assert sorted(row["place"] for row in found) == ["2", "3"]
    tuning = Tuning(rules={"denied_call_executed": RuleTuning(allow=((("server_name", "lab"),),))})
    macro = built.macros(built.unpacked(built.tuned(tuning)))["mcp_denied_call_executed_filter"]
    assert sorted(row["place"] for row in run(f"place=* | {macro}", rows, now_ms=0)) == ["2", "3"]
