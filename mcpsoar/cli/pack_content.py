"""What is said of a pack's content, by every command that builds one."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mcpsoar.cli.words import filled
from mcpsoar.core.errors import Usage
from mcpsoar.siems import installed
from mcpsoar.siems.objects import BuildOption

if TYPE_CHECKING:
    from mcpsoar.siems.asked import Options

F = TypeVar("F", bound=Callable[..., Any])


def content_options(command: F) -> F:
    """Give a command --overlay, --mapping, --index, --tenant-field, and what each SIEM has of its own."""
    return _given(command, is_deployed=False)


def deployed_options(command: F) -> F:
    """The same without what the profile of the SIEM says."""
    return _given(command, is_deployed=True)


def options(name: str, said: Mapping[str, Any], profile: Mapping[str, Any] | None = None) -> "Options":
    """Those that say where a user keeps what; a profile says what has a key there.

    Raises Usage for one that this SIEM has not, and for a choice that is another SIEM's.
    """
    from mcpsoar.siems.asked import Options

    siem = installed.siem(name)
    own = {}
    for option in siem.build_options:
        there = profile if profile is not None and option.name in siem.profile_keys else None
        value = said[_key(option.name)] if there is None else there.get(option.name)
        own[option.name] = option.default if value is None else str(value)
        if option.choices and own[option.name] not in option.choices:
            raise Usage(f"--{option.name} of {name} is one of: {', '.join(option.choices)}")
    for other, owners in _owners().items():
        # a choice is what a place may do, and one script says it to every SIEM; a name is of something there
        is_choice = all(option.choices for _, option in owners)
        if other not in own and not is_choice and said.get(_key(other)) not in (None, default(_key(other))):
            raise Usage(f"--{other} is for {' and '.join(siem for siem, _ in owners)}; {name} has none")
    return Options(said["index"] or "", said["tenant_field"] or "", own)


def files(said: Mapping[str, Any]) -> dict[str, Path | None]:
    """Those of them that name a file: `tuning` and `mapping`."""
    named = {"tuning": said["overlay"], "mapping": said["mapping"]}
    return {key: Path(path) if path else None for key, path in named.items()}


def default(key: str) -> str | None:
    """What such an option is where nobody says it, if all SIEMs that have it say the same."""
    owners = next((owners for name, owners in _owners().items() if _key(name) == key), ())
    said = {option.default for _, option in owners}
    return said.pop() or None if len(said) == 1 else None


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--overlay", type=filled, metavar="FILE", help="Your own tuning; see the pack's README."),
    click.option("--mapping", type=filled, metavar="FILE", help="What your own log calls the columns."),
    click.option("--index", type=filled, metavar="NAME", help="The index that holds the events."),
    click.option(
        "--tenant-field", type=filled, metavar="FIELD", help="Group, throttle and suppress by it first."
    ),
)


def _given(command: F, *, is_deployed: bool) -> F:
    for option in reversed((*_OPTIONS, *_own(is_deployed=is_deployed))):
        command = option(command)
    return command


def _own(*, is_deployed: bool) -> Iterator[Callable[[Any], Any]]:
    """One option for a name, whichever SIEMs have it."""
    keys = {name: siem.profile_keys for name, siem in installed.every()}
    for name, owners in _owners().items():
        if is_deployed and all(name in keys[siem] for siem, _ in owners):
            continue
        choices = list(dict.fromkeys(choice for _, option in owners for choice in option.choices))
        is_choice = all(option.choices for _, option in owners)
        yield click.option(
            f"--{name}",
            type=click.Choice(choices) if is_choice else filled,
            metavar=None if is_choice else owners[0][1].metavar,
            default=default(_key(name)),
            show_default=True,
            help=" ".join(f"{siem.capitalize()}: {option.help}" for siem, option in owners),
        )


@cache
def _owners() -> Mapping[str, tuple[tuple[str, BuildOption], ...]]:
    """The options that SIEMs have of their own, by name, each with the SIEMs that have it."""
    found: dict[str, tuple[tuple[str, BuildOption], ...]] = {}
    for name, siem in installed.every():
        for option in siem.build_options:
            found[option.name] = (*found.get(option.name, ()), (name, option))
    return found


def _key(name: str) -> str:
    """As click calls the option."""
    return name.replace("-", "_")
