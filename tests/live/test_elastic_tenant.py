"""The tenant that a document is given, on a real engine: one text, or `-`, whatever was sent."""

from typing import Any

from tests.live.opensearch import Node
from tests.siems.elastic import built

TENANT = "organization.id"
LINE = '{"event_time": "2026-03-01T12:00:00Z", "event_id": "x"}'
LONG = "x" * 8191
GIVEN: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({}, "-"),
    "one": ({"organization": {"id": "acme"}}, "acme"),
    "with blanks about it": ({"organization": {"id": " acme "}}, " acme "),
    "dotted": ({TENANT: "acme"}, "acme"),
    "twice": ({TENANT: "acme", "organization": {"id": "other"}}, "-"),
    "a whole number": ({"organization": {"id": 42}}, "42"),
    "a fraction": ({"organization": {"id": 4.2}}, "-"),
    "a truth": ({"organization": {"id": True}}, "-"),
    "null": ({"organization": {"id": None}}, "-"),
    "empty": ({"organization": {"id": ""}}, "-"),
    "blank": ({"organization": {"id": " \t\u3000"}}, "-"),
    "a list of one": ({"organization": {"id": ["acme"]}}, "-"),
    "a list": ({"organization": {"id": ["acme", "other"]}}, "-"),
    "an object": ({"organization": {"id": {"id": "acme"}}}, "-"),
    "a text above it": ({"organization": "acme"}, "-"),
    "a list above it": ({"organization": [{"id": "acme"}]}, "-"),
    "as long as a term": ({"organization": {"id": LONG}}, LONG),
    "longer": ({"organization": {"id": f"{LONG}x"}}, "-"),
    "in the event": ({"message": LINE.replace("}", ', "organization": {"id": "acme"}}')}, "-"),
    "of what is rejected": ({"message": "{", "organization": {"id": "acme"}}, "acme"),
    "none, of what is rejected": ({"message": "{", "organization": ["acme"]}, "-"),
}


def tenants(field: str, node: Node, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What becomes of documents on their way in."""
    pipeline = built.of_kind("ingest_pipeline", built.items(built.options(tenant=field)))["mcp-audit"]
    asked = {"pipeline": pipeline, "docs": [{"_source": {"message": LINE, **one}} for one in documents]}
    answer = node.ask("POST", "/_ingest/pipeline/_simulate", asked)
    return [one["doc"]["_source"] for one in answer["docs"]]


def test_a_tenant_is_one_text_or_told_to_be_none(node: Node) -> None:
    found = tenants(TENANT, node, [document for document, _ in GIVEN.values()])
    assert {name: one["organization"]["id"] for name, one in zip(GIVEN, found, strict=True)} == {
        name: wanted for name, (_, wanted) in GIVEN.items()
    }
    assert not any(TENANT in one for one in found)


def test_a_tenant_may_be_a_field_at_the_top_and_have_neighbours(node: Node) -> None:
    found = tenants("customer", node, [{"customer": "acme"}, {"customer": ["acme"]}, {"customer": {}}, {}])
    assert [one["customer"] for one in found] == ["acme", "-", "-", "-"]
    (beside,) = tenants(TENANT, node, [{"organization": {"id": "acme", "name": "Acme"}}])
    assert beside["organization"] == {"id": "acme", "name": "Acme"}
