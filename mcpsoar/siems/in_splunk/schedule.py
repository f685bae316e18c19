"""When Splunk runs what: minutes staggered by name, ranges that leave no gap and count no event twice.

Rules go by index time: each run takes the events that were indexed in one period, which ends a minute before
its scheduled time, however late they came, and runs that were missed are made up (`realtime_schedule = 0`,
savedsearches.conf.spec 9.0 and 10.0: the scheduler then never skips a period). The range of event time about
it is wide, and not all of time: Splunk opens buckets by event time, so that each rule would open every one.
What is stamped further back than two days is told of by a health search instead.
"""

import hashlib

SETTLE = 1  # minutes: what was indexed just now cannot be searched everywhere yet
EVERY = 5
WIDE = "-50h@h"  # two days, and the hour that a run may come after; a user may look further back
AHEAD = "+10m"  # the contract's bound: a stamp further ahead is no event
LATE = 60  # minutes: a pattern whose last event comes later than this may miss its beginning
SLACK = 5  # minutes of range about a gate's window, which the search itself bounds exactly


def cron(name: str, every: int) -> str:
    """Every so many minutes, from a minute of its own; `every` divides 60."""
    if every == 1:
        return "* * * * *"
    start = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % every
    return f"{start} * * * *" if every == 60 else f"{start}-59/{every} * * * *"


def by_index_time(name: str, every: int) -> dict[str, str]:
    """The schedule of a rule."""
    return {
        "enableSched": "1",
        "cron_schedule": cron(name, every),
        "realtime_schedule": "0",
        "allow_skew": "10%",  # seconds alone, for such a cron: the period is that of the scheduled time
        "dispatch.earliest_time": WIDE,
        "dispatch.latest_time": AHEAD,
        "dispatch.index_earliest": f"-{every + SETTLE}m@m",
        "dispatch.index_latest": f"-{SETTLE}m@m",
    }


def looking_back(name: str, every: int, minutes: int) -> dict[str, str]:
    """The schedule of a detection, whose search tells what is new: its range is all that it rests on."""
    return {
        "enableSched": "1",
        "cron_schedule": cron(name, every),
        "realtime_schedule": "0",
        "allow_skew": "10%",
        "dispatch.earliest_time": f"-{minutes + every + LATE}m@m",
        "dispatch.latest_time": AHEAD,
    }


def every_minute(window: int, lag: int) -> dict[str, str]:
    """The schedule of a gate, and a range that holds its window: a skipped minute is not made up, since the
    next one looks at nearly the same window."""
    return {
        "enableSched": "1",
        "cron_schedule": "* * * * *",
        "realtime_schedule": "1",
        "allow_skew": "50%",  # of a minute: not every gate at second 0
        "dispatch.earliest_time": f"-{window + lag + SLACK}m@m",
        "dispatch.latest_time": "now",
    }
