"""The pack as it is shipped, opened again: its files, its searches, and what they find.

A search runs over its dispatch range, event time and index time, which the evaluator of SPL does not know.
"""

import io
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from mcpsoar.pack.overlay import Tuning
from mcpsoar.siems import asked, splunk
from mcpsoar.siems.asked import Content, Options
from mcpsoar.siems.in_splunk import conf
from tests.languages.spl import run
from tests.languages.spl.times import relative
from tests.targets.spl.splunk import ROOT

SMALL = ("call_allowed_to_denied_server", "denied_call_executed")
Files = Mapping[str, bytes]
Event = Mapping[str, Any]


@cache
def content() -> Content:
    """The pack's own, once for all tests."""
    return asked.content(ROOT, Options())


def tuned(tuning: Tuning, index: str = "", tenant: str = "") -> Content:
    return replace(content(), tuning=tuning, options=Options(index, tenant))


def small(tuning: Tuning, **options: str) -> Content:
    """Two rules and the gates: quick to build."""
    found = tuned(tuning, **options)
    return replace(found, rules=tuple(one for one in found.rules if one.id in SMALL), detections=())


def unpacked(made: Content) -> Files:
    """The files of both packages, by path."""
    found = {}
    for file in splunk.make().files(made):
        if file.path.endswith(".tgz"):
            with tarfile.open(fileobj=io.BytesIO(file.content)) as tar:
                for entry in tar:
                    if (inside := tar.extractfile(entry)) is not None:
                        found[entry.name] = inside.read()
    return found


@cache
def files() -> Files:
    return unpacked(content())


def stanzas(files: Files, path: str) -> Mapping[str, Mapping[str, str]]:
    return _stanzas(files[path])


@lru_cache(maxsize=32)
def _stanzas(written: bytes) -> Mapping[str, Mapping[str, str]]:
    return conf.stanzas(written.decode())


def searches(files: Files) -> Mapping[str, Mapping[str, str]]:
    return stanzas(files, "mcpsoar/default/savedsearches.conf")


def macros(files: Files) -> Mapping[str, str]:
    """As the evaluator takes them: arguments in the name."""
    found = {}
    for name, one in stanzas(files, "mcpsoar/default/macros.conf").items():
        own = f"{name.partition('(')[0]}({one['args']})" if one.get("args") else name
        found[own] = one["definition"]
    return found


def ran(
    files: Files,
    name: str,
    events: Iterable[Event],
    *,
    now_ms: int,
    lookups: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
    macro: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """The results of a saved search that is due at `now_ms`."""
    search = searches(files)[name]
    here = [
        {"index": "mcp", "sourcetype": "mcp:audit", **one}
        for one in events
        if _is_inside(search, "dispatch.earliest_time", "dispatch.latest_time", one["_time"], now_ms)
        and _is_inside(search, "dispatch.index_earliest", "dispatch.index_latest", one["_indextime"], now_ms)
    ]
    tables = {table: [dict(row) for row in rows] for table, rows in (lookups or {}).items()}
    return run(
        search["search"], here, now_ms=now_ms, macros={**macros(files), **(macro or {})}, lookups=tables
    )


def _is_inside(search: Mapping[str, str], first: str, last: str, at: float, now_ms: int) -> bool:
    if first not in search:
        return True
    now = now_ms // 1000
    return moment(now, search[first]) <= at < moment(now, search[last])


def moment(now: int, bound: str) -> float:
    """Seconds since 1970, or so long from now."""
    return int(bound) if bound.isdigit() else relative(now, bound)


def written(tmp_path: Path, files: Files) -> Path:
    """The files in a folder."""
    for path, one in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(one)
    return tmp_path
