"""Variants of a case: the same facts spelled otherwise, and what each is compared with."""

from pathlib import Path

from mcpsoar.app import variants
from mcpsoar.core.content import Case, CaseKind
from mcpsoar.pack import schema

COLUMNS = schema.load(Path(__file__).parents[2])
EVENT = {
    "event_id": "a",
    "decision": "allow",
    "untrusted_context": True,
    "token_aud": ["crm", "github"],
    "tool_name": "merge",
}
CASE = Case("a case", CaseKind.POSITIVE, (EVENT, {"event_id": "b"}), {}, "file:1")


def made(*read: str) -> dict[str, variants.Variant]:
    return {one.name: one for one in variants.each(CASE, COLUMNS, read)}


def test_absent_has_three_spellings_each_compared_with_the_field_left_out() -> None:
    found = made("tool_name")
    assert list(found) == ["tool_name null", "tool_name empty", "tool_name blank"]
    assert [one.events[0]["tool_name"] for one in found.values()] == [None, "", "  "]
    assert [one.events[1]["tool_name"] for one in found.values()] == [None, "", "  "]
    for one in found.values():
        assert [set(event) for event in one.like] == [set(EVENT) - {"tool_name"}, {"event_id"}]


def test_enumerations_and_booleans_are_spelled_in_upper_case_and_compared_with_the_case_itself() -> None:
    found = made("decision", "untrusted_context")
    for name, value in (("decision", "ALLOW"), ("untrusted_context", "TRUE")):
        one = found[f"{name} in upper case"]
        assert one.events == ({**EVENT, name: value}, {"event_id": "b"})
        assert one.like is CASE.events


def test_a_list_is_turned_doubled_and_given_as_a_text_which_is_absent() -> None:
    found = made("token_aud")
    assert found["token_aud in another order"].events[0]["token_aud"] == ["github", "crm"]
    assert found["token_aud named twice"].events[0]["token_aud"] == ["crm", "github", "crm", "github"]
    bare = found["token_aud a text and no list"]
    assert bare.events[0]["token_aud"] == "crm"
    assert "token_aud" not in bare.like[0]


def test_what_nobody_reads_and_what_makes_an_event_itself_has_no_variant() -> None:
    assert not made("event_id", "event_time")
    assert {name.split()[0] for name in made("decision")} == {"decision"}


def test_for_a_detection_all_columns_are_spelled_otherwise_at_once() -> None:
    blank, upper = variants.together(CASE, COLUMNS, ["decision", "token_aud", "tool_name"])
    assert blank.events[0] == EVENT
    assert set(blank.events[1]) == {"event_id", "decision", "token_aud", "tool_name"}
    assert {str(value).strip() for key, value in blank.events[1].items() if key != "event_id"} <= {"", "None"}
    assert upper.events[0]["decision"] == "ALLOW"
    assert upper.events[0]["token_aud"] == ["github", "crm", "github", "crm"]
    assert upper.like is blank.like is CASE.events
