"""Servers that findings name, as `gates check` and `rules scan` print them in JSON.

Whoever writes to a log chooses these names: they are data until `app.victims` has allowed them.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mcpsoar.core.digest import Json
from mcpsoar.core.errors import Malformed, Usage
from mcpsoar.kit import strictjson

_FOUND = "found"
_PAGE = "page"
_NO_PLAYBOOK = "none"


@dataclass
class Findings:
    """`servers` in the order they are named, each with file:line of the document that does; `logs` are what
    was read for it, None where that is not told; `silent` counts findings that no playbook answers.
    """

    servers: dict[str, str] = field(default_factory=dict)
    logs: dict[str | None, None] = field(default_factory=dict)
    silent: int = 0


def parsed(text: str, where: str) -> Findings:
    """One document, several after each other, or one a line (`--format ndjson`).

    Raises Usage with file:line for what is none, and for a finding that counts more servers than it names.
    """
    found = Findings()
    for value, place in _documents(text, where):
        try:
            _add(found, value, place)
        except (KeyError, TypeError, AttributeError):
            raise Usage(
                "is not as gates check --format json or rules scan --format json prints it", where=place
            ) from None
    return found


def _documents(text: str, where: str) -> Iterator[tuple[Any, str]]:
    decoder = json.JSONDecoder()
    at, line, seen = _next(text, 0), 1, 0
    while at < len(text):
        line, seen = line + text.count("\n", seen, at), at
        place = f"{where}:{line}"
        try:
            _, end = decoder.raw_decode(text, at)
            value = strictjson.parse(text[at:end].encode(), where=place, noun="the finding")
        except json.JSONDecodeError as error:
            raise Usage("is not JSON", where=f"{where}:{error.lineno}") from None
        except Malformed as trouble:
            raise Usage(trouble.message, where=place) from None
        except (ValueError, RecursionError):  # a number or a depth that this machine does not read
            raise Usage("is not plain JSON", where=place) from None
        yield value, place
        at = _next(text, end)


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _add(found: Findings, value: Json, place: str) -> None:
    logs = value.get("logs")
    found.logs |= dict.fromkeys([None] if logs is None else [_text(log) for log in logs])
    if "gates" in value:
        _name(found, _paged(value["gates"]), place)
    elif "findings" in value:
        _take(found, value["findings"], place)
    elif value["state"] == _FOUND:
        _take(found, [value], place)
    else:
        _text(value["rule"])  # one that was not asked, or found nothing


def _paged(gates: Json) -> Iterator[str]:
    """Subjects that page by themselves; a gate of the pack groups by server."""
    for gate in gates:
        for group in gate["groups"]:
            if gate["state"] == group["state"] == _PAGE and _text(group["key"]):
                yield group["key"]


def _take(found: Findings, claims: Iterable[Any], place: str) -> None:
    for claim in claims:
        names = [_text(one["server"]) for one in claim["servers"]]
        names += [_text(hit["server"]) for hit in claim["evidence"] if hit["server"] is not None]
        known = list(dict.fromkeys(name for name in names if name))
        if claim["playbook"] == _NO_PLAYBOOK:
            found.silent += 1
            continue
        if claim["server_count"] > len(known):
            raise Usage(
                f"finding {_text(claim['rule'])!a} is of {claim['server_count']} servers and names "
                f"{len(known)} of them: name the servers yourself",
                where=place,
            )
        _name(found, known, place)


def _name(found: Findings, servers: Iterable[str], place: str) -> None:
    for name in servers:
        found.servers.setdefault(name, place)


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
