"""The entries of a journal as lines for people: when, and what happened; calls of a canary that met the same
stand in one line.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mcpsoar.core.digest import Facts
from mcpsoar.kit.markdown import code


@dataclass(slots=True)
class _Calls:
    """What one canary met, call after call, in one phase."""

    said: tuple[str, str]
    first: str
    place: int
    count: int = 1


def timeline(entries: Iterable[Facts]) -> Iterator[str]:
    """One line of Markdown for each entry, in the journal's order."""
    lines: list[str] = []
    met: dict[tuple[str, str], _Calls] = {}
    for entry in entries:
        if entry.get("kind") != "sighting":
            lines.append(f"- {code(str(entry.get('at')))} {_words(entry)}")
            continue
        key = str(entry.get("step")), str(entry.get("phase"))
        said = str(entry.get("passage")), str(entry.get("detail"))
        at = code(str(entry.get("at")))
        calls = met.get(key)
        if calls is None or calls.said != said:
            calls = met[key] = _Calls(said, f"- {at} {_called(key, said)}", len(lines))
            lines.append(calls.first)
            continue
        calls.count += 1
        lines[calls.place] = f"{calls.first} ({calls.count} calls, the last {at})"
    yield from lines


def _called(key: tuple[str, str], said: tuple[str, str]) -> str:
    step, phase = key
    return f"{code(step)} called, {code(phase)}: {code(said[0])}, {code(said[1])}"


def _words(entry: Facts) -> str:
    step = code(str(entry.get("step", "")))
    match entry.get("kind"):
        case "look" if "facts" in entry:
            return f"{step} looked at: {'in force already' if entry.get('in_force') else 'not in force'}"
        case "look":
            return f"{step} could not be looked at: {code(str(entry.get('unknown')))}"
        case "intent":
            return f"{step} promised, call {_word(entry.get('attempt'))}"
        case "effect":
            return f"{step} said to be done by the control plane"
        case "trouble":
            return f"{step} met trouble: {code(str(entry.get('text')))}"
        case "seen":
            return f"{step} read back: {code(str(entry.get('detail')))}"
        case "outcome":
            return f"{step} ended **{_word(entry.get('verdict'))}**: {code(str(entry.get('detail')))}"
        case "affects":
            return f"{step}: what it touches was looked at"
        case "again":
            return f"{step} is tried again"
    return _of_the_run(entry)


def _of_the_run(entry: Facts) -> str:
    match entry.get("kind"):
        case "plan":
            return f"the plan is on disk: {len(entry['steps'])} steps by {code(str(entry['playbook']))}"
        case "resumed":
            return f"the run is resumed by {code(str(entry.get('by') or 'somebody'))}"
        case "released":
            return f"{code(str(entry.get('server')))} needs run {code(str(entry.get('run')))} no longer"
        case "cut":
            return f"{_word(entry.get('bytes'))} bytes that a crash left torn were cut"
        case "end":
            return f"the run ended **{_word(entry.get('verdict'))}**"
    return f"{code(str(entry.get('kind')))} {code(str(entry.get('step', '')))}"


def _word(said: object) -> str:
    """A verdict or a number: letters, digits and underscores are all that it may have."""
    return "".join(char for char in str(said) if char.isascii() and (char.isalnum() or char == "_"))
