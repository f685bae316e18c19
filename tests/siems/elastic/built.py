"""Packs of Elastic as tests build them, and what the schemas of our own hold against their objects."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from mcpsoar.siems import asked, elastic
from mcpsoar.siems.asked import Content, Options
from mcpsoar.siems.in_elastic import held as in_elastic
from mcpsoar.siems.objects import Item

ROOT = Path(__file__).resolve().parents[3]
_SCHEMAS = Path(__file__).with_name("schema")
_MINUTES = {"m": 1, "h": 60, "d": 1440}


SHIPPED = Options()


def options(index: str = "", tenant: str = "", **own: str) -> Options:
    """With what Elastic has of its own."""
    return Options(index, tenant, own)


@cache
def _read(overlay: Path | None) -> Content:
    return asked.content(ROOT, SHIPPED, overlay)


@cache
def content(options: Options = SHIPPED, overlay: Path | None = None) -> Content:
    return replace(_read(overlay), options=options)


@cache
def held(options: Options = SHIPPED) -> Content:
    """What of it ES|QL can say."""
    return in_elastic.parted(content(options))[0]


def left_out(made: Content) -> tuple[tuple[str, str], ...]:
    return in_elastic.parted(made)[1]


@cache
def items(options: Options = SHIPPED, overlay: Path | None = None) -> tuple[Item, ...]:
    return elastic.make().items(content(options, overlay))


@cache
def files(options: Options = SHIPPED, overlay: Path | None = None) -> dict[str, bytes]:
    return {file.path: file.content for file in elastic.make().files(content(options, overlay))}


def of_kind(kind: str, found: tuple[Item, ...]) -> dict[str, Mapping[str, Any]]:
    return {item.name: item.body for item in found if item.kind == kind}


def lines(body: bytes) -> list[dict[str, Any]]:
    assert body.endswith(b"\n")
    return [json.loads(line) for line in body.decode().split("\n")[:-1]]


@cache
def _validator(kind: str) -> Draft202012Validator:
    schema = json.loads((_SCHEMAS / f"{kind}.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def complaints(kind: str, body: Any) -> list[str]:
    """What the schema of that kind says, and what no schema can: that a rule reads enough."""
    found = [
        f"{'/'.join(map(str, one.path))}: {one.message[:200]}" for one in _validator(kind).iter_errors(body)
    ]
    return found or (list(_reads_too_little(body)) if kind == "detection_rule" else [])


def _reads_too_little(rule: Mapping[str, Any]) -> Iterator[str]:
    reads, every = minutes(rule["from"].removeprefix("now-")), minutes(rule["interval"])
    if reads < every:
        yield "from: less than the interval, so that events fall between two runs"
    started = re.search(r"NOW\(\)\) - (\d+) minutes AND", rule["query"])
    if started and reads < int(started[1]) + 1:
        yield "from: less than the window of the query and what it waits for"
    if rule.get("timestamp_override") and reads < 2 * every:
        yield "from: nothing beyond the interval for what comes late"


def minutes(text: str) -> int:
    return int(text[:-1]) * _MINUTES[text[-1]]
