"""Events inside a search for Splunk: lines of JSON, their extraction, and the calculated fields.

Calculated fields see what was extracted and not one another, as in the add-on: so each is made under a name
of its own first. The times are given, since the source type that reads them is not asked; each event is
received a second after the one before.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column
from mcpsoar.siems.checks import place
from mcpsoar.siems.checks.cases import Asked, at_ms
from mcpsoar.targets.spl import fields
from mcpsoar.targets.spl.text import field, literal

_LONGEST = 5000  # limits.conf, [spath] extraction_cutoff: spath reads no further


class Inline:
    """The events of cases, with the calculated fields of an add-on for these columns."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._calculated = fields.calculated(columns)

    def commands(self, asked: Asked, times: Sequence[Facts]) -> Iterator[str]:
        """One result an event, with a `place`; one without a time is none where times are asked for.

        Raises Unsupported for an event that is longer than what is extracted.
        """
        is_timed = "event_time" in asked.reads
        told = [
            (number, _line(event), at_ms(time))
            for number, (event, time) in enumerate(zip(asked.case.events, times, strict=True))
            if not is_timed or time
        ]
        yield f"makeresults count={len(told) or 1}"
        if not told:
            yield "where false()"
        yield "streamstats count AS number"
        own = {f"made_{name}": made for name, made in self._calculated.items() if name in asked.reads}
        facts = {"place": _by_number([literal(place(number)) for number, *_ in told])}
        if is_timed:
            times_s = [f"{at // 1000}.{at % 1000:03d}" for *_, at in told]
            facts |= {"_time": _by_number(times_s), "_indextime": "number"}
        yield f"eval _raw={_by_number([literal(line) for _, line, _ in told])}"
        yield "spath"
        yield f"eval {assigned(facts | own)}"
        yield f"eval {assigned({name.removeprefix('made_'): field(name) for name in own})}"


def assigned(values: Mapping[str, str]) -> str:
    """The parts of one eval."""
    return ", ".join(f"{field(name)}={value}" for name, value in values.items())


def _by_number(values: Sequence[str]) -> str:
    told = ", ".join(f"number={at}, {value}" for at, value in enumerate(values, 1))
    return f"case({told})" if told else "null()"


def _line(event: Facts) -> str:
    line = json.dumps(event, ensure_ascii=False)
    if len(line) >= _LONGEST:
        raise Unsupported(f"an event of {len(line)} characters, and spath reads {_LONGEST}")
    return line
