"""The README of the pack: static words, and what depends on its content."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import mcpsoar
from mcpsoar.core.content import Text
from mcpsoar.core.event import MINUTE_MS
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_splunk import addon, detections, gates, schedule
from mcpsoar.siems.in_splunk.queries import Queries

LICENCE = "Apache License, Version 2.0: https://www.apache.org/licenses/LICENSE-2.0\n"
_WORDS = Path(__file__).parent / "README.md"


def written(content: Content, said: Queries) -> str:
    """Markdown. Raises Usage."""
    left_out = dict(detections.left_out(content, said.detections))
    words = {
        "VERSION": mcpsoar.__version__,
        "RULES": str(len(content.rules)),
        "DETECTIONS": str(len(content.detections) - len(left_out)),
        "SOURCETYPE": addon.sourcetype(content.mapping),
        "LONGEST": str(addon.LONGEST),
        "WIDE": schedule.WIDE,
        "GATES": "\n".join(_gates(content)),
        "LEFT_OUT": "\n".join(_left_out(left_out)),
        "NEEDS": "\n".join(_needs(content)),
    }
    text = _WORDS.read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


def _gates(content: Content) -> Iterator[str]:
    for gate in gates.all_(content):
        text = gate.text
        window = text.window_ms // MINUTE_MS
        yield f"| `{gates.name(text.id)}` | {text.page_when} | {window} min | {text.owner} |"


def _left_out(whys: Mapping[str, str]) -> Iterator[str]:
    yield from (f"- `{id_}` {why}." for id_, why in whys.items())
    if not whys:
        yield "Nothing: every rule, detection and gate of the pack is there."


def _needs(content: Content) -> Iterator[str]:
    """By column: how many rules and detections ask for it."""
    texts = _texts(content)
    counts = {one.name: _count(one.name in text.needs for text in texts) for one in content.columns}
    for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        if count:
            yield f"| `{name}` | {count} |"


def _texts(content: Content) -> list[Text]:
    return [*content.rules, *(one.text for one in content.detections)]


def _count(claims: Iterable[bool]) -> int:
    return sum(claims)
