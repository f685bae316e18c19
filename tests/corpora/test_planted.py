"""Every detection can fire after the benign log, from which it learned: its first case is planted there."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from corpora import manifest
from corpora.manifest import FOLDER
from mcpsoar.core.content import CaseKind, DetectionText
from mcpsoar.core.digest import Facts
from mcpsoar.detect import files
from mcpsoar.detect.detection import parse
from mcpsoar.detect.scan import Ask, over_logs
from mcpsoar.pack import detections, schema
from mcpsoar.pack.corpora import known

ROOT = Path(__file__).parents[2]
TEXTS = {text.id: text for text in detections.load(ROOT)}
BENIGN = FOLDER / next(one.file for one in manifest.load() if one.kind == "benign")
NOW_MS = 1_796_083_200_000  # the beginning of December 2026, after all that is planted
# each plant has these to itself; servers, tools and times are everybody's, as they are in a real log
ITS_OWN = ("actor_id", "client_id", "conversation_id", "token_jti", "trace_id", "span_id", "parent_call_id")
APART = timedelta(hours=1)


def at(event: Facts) -> datetime:
    return datetime.fromisoformat(str(event["event_time"]))


def planted(text: DetectionText, since: datetime) -> list[dict[str, Any]]:
    """The events of its first positive case, from `since` on."""
    case = next(case for case in text.cases if case.kind is CaseKind.POSITIVE)
    first = min(map(at, case.events))
    made = []
    for number, event in enumerate(case.events):
        later = since + (at(event) - first)
        own = {name: f"{event[name]} of {text.id}" for name in ITS_OWN if str(event.get(name) or "").strip()}
        stamp = {"event_id": f"{text.id}/{number}", "event_time": later.isoformat(timespec="milliseconds")}
        made.append({**event, **own, **stamp})
    return made


@pytest.fixture(scope="module")
def fired() -> Iterator[Mapping[str, Sequence[str]]]:
    """The ids of events that each detection gives, over the benign log and all plants."""
    end = max(map(at, manifest.read(BENIGN)))
    plants = [
        event for place, text in enumerate(TEXTS.values(), 1) for event in planted(text, end + place * APART)
    ]
    columns = schema.load(ROOT)
    ask = Ask(columns, [], {}, NOW_MS, [parse(text, columns) for text in TEXTS.values()])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        path = folder / "planted.ndjson"
        path.write_text("".join(json.dumps(event) + "\n" for event in plants), encoding="utf-8")
        with over_logs(files.sources([str(BENIGN), str(path)], folder), ask, folder) as scan:
            assert not scan.rejects
            yield {id_: [str(hit.event_id) for hit in scan.hits(id_)] for id_ in TEXTS}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_detection_fires_on_its_own_case_after_the_benign_log(
    fired: Mapping[str, Sequence[str]], name: str
) -> None:
    assert [id_ for id_ in fired[name] if id_.startswith(f"{name}/")]


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_what_comes_later_changes_nothing_about_the_benign_log(
    fired: Mapping[str, Sequence[str]], name: str
) -> None:
    explained = known(FOLDER).get(name)
    there = [id_ for id_ in fired[name] if "/" not in id_]
    assert len(there) == (explained.count if explained else 0)
