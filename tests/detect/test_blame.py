"""Which server a detection names as its subject, where several could have been the source."""

from pathlib import Path

import pytest

from mcpsoar.core.digest import Facts
from mcpsoar.detect.detection import parse
from mcpsoar.detect.scan import Ask, over_events
from mcpsoar.pack import detections, schema

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = schema.load(ROOT)
TEXTS = {text.id: text for text in detections.load(ROOT)}
NOW = 1_795_000_000_000
DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")  # what a log needs to have learned a week later
WAYS = ("retrieval_then_write", "first_seen_tool_after_retrieval", "injection_then_write")


def at(clock: str, key: str, server: str, **fields: object) -> Facts:
    return {
        "event_time": f"2026-03-09T{clock}Z",
        "event_id": key,
        "conversation_id": "c1",
        "actor_id": "kim",
        "server_name": server,
        "decision": "allow",
        "status": "ok",
        **fields,
    }


def page(clock: str, key: str, server: str) -> Facts:
    return at(
        clock,
        key,
        server,
        tool_name="fetch",
        action_class="read",
        open_world=True,
        classifier_labels=["injection.instruction"],
    )


def blamed(name: str, *pages: Facts) -> list[str | None]:
    """The subjects of what a detection makes of a log that ends with a write."""
    log = [{"event_time": f"{day}T09:00:00Z", "event_kind": "registry"} for day in DAYS]
    known = [{**one, "event_time": "2026-03-04T09:00:00Z", "conversation_id": "c0"} for one in pages]
    written = at("09:05:00", "z", "files", tool_name="write_file", action_class="write")
    detection = parse(TEXTS[name], COLUMNS)
    with over_events([*log, *known, *pages, written], Ask(COLUMNS, [], {}, NOW, [detection])) as scan:
        return [hit.subject for hit in scan.hits(name) if hit.event_id == "z"]


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("servers", [("zoo", "ape"), ("ape", "zoo")])
def test_the_latest_of_several_sources_is_blamed_whatever_its_name(
    name: str, servers: tuple[str, str]
) -> None:
    first, last = servers
    pages = [page("09:00:00", "b", first), page("09:01:00", "a", last)]
    assert blamed(name, *pages) == [last]
    assert blamed(name, *reversed(pages)) == [last]


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("servers", [("zoo", "ape"), ("ape", "zoo")])
def test_of_sources_in_one_millisecond_the_one_with_the_last_key_is_blamed(
    name: str, servers: tuple[str, str]
) -> None:
    first, last = servers
    pages = [page("09:00:00", "a", first), page("09:00:00", "b", last)]
    assert blamed(name, *pages) == [last]
    assert blamed(name, *reversed(pages)) == [last]


@pytest.mark.parametrize("name", WAYS[:2])
def test_a_source_in_the_millisecond_of_the_write_comes_before_it(name: str) -> None:
    pages = [page("09:00:00", "a", "ape"), page("09:05:00", "zz", "zoo")]
    assert blamed(name, *pages) == ["zoo"]
