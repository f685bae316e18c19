"""The schedulers of Splunk and Kibana, as far as their pages say, over a clock of whole seconds.

Splunk (savedsearches.conf.spec 10.0, realtime_schedule; Search Manual, "Specify time modifiers"): with 0 a
search runs for every scheduled time, late if need be, and relative times are of the scheduled time; with 1 a
time at which the scheduler was down is skipped. Kibana (Security guide, "Rule settings"): a rule runs again
an interval after its last run, looks back from the time of the run, and "Additional look-back time" is what
both runs see; the alert of one event, told by its id, is made once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.siems.splunk.built import moment

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Down:
    """When nothing runs: half open, in seconds."""

    start_s: int
    end_s: int

    def holds(self, at_s: int) -> bool:
        return self.start_s <= at_s < self.end_s


def scheduled(cron: str, start_s: int, end_s: int) -> Iterator[int]:
    """The times of a cron line that speaks of minutes alone."""
    minute, *others = cron.split()
    assert others == ["*"] * 4
    span, _, step = minute.partition("/")
    first = 0 if span == "*" else int(span.partition("-")[0])
    last = first if span.isdigit() else 59
    wanted = set(range(first, last + 1, int(step or 1)))
    for at_s in range(start_s - start_s % MINUTE_S, end_s, MINUTE_S):
        if at_s // MINUTE_S % 60 in wanted:
            yield at_s


def splunk_runs(stanza: Mapping[str, str], start_s: int, end_s: int, down: Sequence[Down]) -> list[int]:
    """The scheduled times that are run."""
    times = list(scheduled(stanza["cron_schedule"], start_s, end_s))
    if stanza["realtime_schedule"] == "0":
        return times
    return [at_s for at_s in times if not any(one.holds(at_s) for one in down)]


def splunk_sees(stanza: Mapping[str, str], run_s: int, at_s: int, received_s: int) -> bool:
    """Whether a run looks at an event of that time that was indexed then."""
    earliest, latest = (moment(run_s, stanza[f"dispatch.{one}_time"]) for one in ("earliest", "latest"))
    first, last = (moment(run_s, stanza[f"dispatch.index_{one}"]) for one in ("earliest", "latest"))
    return earliest <= at_s < latest and first <= received_s < last


def kibana_runs(interval_s: int, start_s: int, end_s: int, down: Sequence[Down]) -> list[int]:
    """A run is an interval after the last; one that falls into a time without Kibana comes at its end."""
    found, at_s = [], start_s
    while at_s < end_s:
        at_s = next((one.end_s for one in down if one.holds(at_s)), at_s)
        found.append(at_s)
        at_s += interval_s
    return found
