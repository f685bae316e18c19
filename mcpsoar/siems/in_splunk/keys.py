"""What a result is throttled by: names as they are, and words of ours that no name can be.

`-` is nothing, `(many)` stands for several; a name that begins as they do has one `-` more before it. Of a
tenant `-` is none, as in targets.spl: who ships the events names it, and no caller.
"""

from collections.abc import Iterator, Sequence

NOBODY, MANY = "-", "(many)"
_NOISE = "noise"


def named(value: str) -> str:
    """The key of a name that may be absent, as an expression."""
    return f'case(isnull({value}), "{NOBODY}", match({value}, "^[-(]"), "-".{value}, true(), {value})'


def tenant(field: str) -> str:
    """The key of a tenant, as an expression."""
    return f'coalesce({field}, "{NOBODY}")'


def begun() -> str:
    """The command before `folded`: no field of an event passes for a count."""
    return f"eval {_NOISE}=null()"


def folded(by: Sequence[str], *several: str, most: int) -> Iterator[str]:
    """One row for each combination of `by`, and where `several` of it have more than `most` one for all.

    A group is cut before it is counted: who makes up names fills no memory. What eventstats does not count
    for want of memory is one row, too.
    """
    group = " ".join(one for one in by if one not in several)
    is_many = f"coalesce({_NOISE}, {most + 1})>{most}"
    told = [f'{one}=if({is_many}, "{MANY}", {one})' for one in several]
    yield f"dedup {' '.join(by)}"
    yield f"dedup {most + 1} {group}"
    yield f"eventstats count AS {_NOISE} BY {group}"
    yield f"eval {', '.join(told)}"
    yield f"dedup {' '.join(by)}"


def quietest_first() -> str:
    """The command after `folded`: by how many rows the last group had."""
    return f"sort 0 num({_NOISE})"
