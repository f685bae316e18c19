"""Who is to be contained: names as typed, from a list, or out of findings, and who among them may not be.

Whoever writes to a log must not choose whom we contain. So of names out of findings there are few, each is
one that a server can have, none is protected, and the profile can say which logs it trusts. One that is not
allowed stops all of them: nobody should read that the list is contained, but for what was left out.
"""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath

from mcpsoar.app import findings
from mcpsoar.contain import plan
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import Profile
from mcpsoar.kit import names, targets
from mcpsoar.kit.plain import hidden_in

FOUND_AT_MOST = 10
_LIMIT_BYTES = 16 << 20
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Chosen:
    """`servers` are all of them, `typed` those that a person wrote on the command line; `found` says that
    findings named the others, which were read from `logs` (None: they do not say). No playbook answers
    `silent` more findings. `rehearsed`: nothing has happened, it is to be tried on them.
    """

    servers: tuple[str, ...]
    typed: tuple[str, ...]
    found: bool = False
    logs: tuple[str | None, ...] = ()
    silent: int = 0
    rehearsed: bool = False


def choose(
    typed: tuple[str, ...],
    source: str | None = None,
    *,
    without: Iterable[str] = (),
    at_most: int | None = None,
    command: str = "mcpsoar contain",
) -> Chosen:
    """The servers typed, and those of `source` (a path, or - for standard input) but for `without`.

    `command` is what was typed, for the next one. Raises Usage with file:line for a source that is neither
    names nor findings, and for more servers than `at_most` (of findings, unless told otherwise, ten).
    """
    by_name = _by_name(command, typed)
    if not typed and source is None:
        raise Usage("no server is named", next_command=by_name)
    own = plan.servers(typed) if typed else ()
    told = _Told({}, None) if source is None else _read(source, by_name)
    others = {name: place for name, place in told.places.items() if name not in set(without)}
    _check(others, told, command, by_name)
    servers = tuple(dict.fromkeys((*own, *others)))
    if not servers:
        raise Usage(
            "no server is left to contain",
            where=source if source != "-" else "standard input",
            next_command=by_name,
        )
    most = FOUND_AT_MOST if at_most is None and told.findings else at_most
    if most is not None and len(servers) > most:
        raise Usage(
            f"{len(servers)} servers are named and --max-servers allows {most}, so nothing was sent: "
            f"{_named(servers)}",
            next_command="mcpsoar contain SERVER",
        )
    if told.findings is None:
        return Chosen(servers, own)
    return Chosen(servers, own, found=True, logs=tuple(told.findings.logs), silent=told.findings.silent)


def allow(chosen: Chosen, profile: Profile, *, protected_too: bool, command: str) -> None:
    """Raises Usage with every server that stops the list, or every log that the profile does not trust."""
    if chosen.found and profile.trusted_sources is not None:
        strange = [log for log in chosen.logs if not _is_trusted(log, profile.trusted_sources)]
        if strange:
            said = _named(log for log in strange if log is not None) or "that they do not name"
            raise Usage(
                f"the findings are of a log {said}, none of trusted_sources, so nothing was sent",
                where=profile.where,
                next_command=_by_name(command, chosen.typed),
            )
    refuse(chosen, profile, {}, protected_too=protected_too, command=command)


def refuse(
    chosen: Chosen, profile: Profile, means: Mapping[str, str], *, protected_too: bool, command: str
) -> None:
    """Raise Usage for servers that are protected, by name or by the entry of the registry that `means` has
    for a server's name. One, or a tool of it, is contained only where a person typed its name, and said so.
    """
    kept = _folded(profile.protected, *(means[name] for name in profile.protected if name in means))
    about = {name: targets.server(name) for name in chosen.servers}
    hit = [name for name in about if _folded((name, about[name], means.get(about[name], name))) & kept]
    if listed := [name for name in hit if name not in chosen.typed]:
        by = "findings choose" if chosen.found else "a list chooses"
        raise Usage(
            f"{_named(listed)} is protected: {by} no such server, so nothing was sent",
            where=profile.where,
            next_command=_leaving(command, listed),
        )
    if hit and chosen.rehearsed:
        raise Usage(
            f"{_named(hit)} is protected: no rehearsal is on such a server, so nothing was sent",
            where=profile.where,
        )
    if hit and not protected_too:
        raise Usage(
            f"{_named(hit)} is protected, so nothing was sent",
            where=profile.where,
            next_command=f"{command} --protected-too",
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """Names by file:line, and the findings that have them; None: a list does."""

    places: Mapping[str, str]
    findings: findings.Findings | None


def _read(source: str, by_name: str) -> _Told:
    try:
        return _parsed(*names.content(source, _LIMIT_BYTES))
    except Usage as error:
        error.next_command = by_name
        raise


def _parsed(data: bytes, where: str) -> _Told:
    data = data.removeprefix(names.BOM)
    if not data.lstrip().startswith(b"{"):  # with which no name begins
        return _Told(names.listed(data, where), None)
    try:
        told = findings.parsed(data.decode("utf-8"), where)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Usage("is not UTF-8", where=f"{where}:{line}") from None
    if not told.servers:
        raise Usage("the findings name no server to contain", where=where)
    return _Told(told.servers, told)


def _check(places: Mapping[str, str], told: _Told, command: str, by_name: str) -> None:
    """Raise Usage for names that no server has; findings tell all of them, for they are what a log says."""
    odd = [name for name in places if not _is_name(name) or (told.findings and targets.kind(name))]
    if odd and told.findings:
        raise Usage(
            f"the findings name {_named(odd)}: no server is called so, and nothing was sent",
            where=places[odd[0]],
            # what does not show cannot be typed, so it cannot be left out
            next_command=by_name if any(map(hidden_in, odd)) else _leaving(command, odd),
        )
    if odd:
        raise Usage(f"{odd[0][:128]!a} is no server name", where=places[odd[0]], next_command=by_name)


def _folded(names: Iterable[str], *more: str) -> set[str]:
    """Some registries take names in any case."""
    return {name.casefold() for name in (*names, *more)}


def _is_name(name: str) -> bool:
    try:
        plan.servers([name])
    except Usage:
        return False
    return True


def _is_trusted(log: str | None, trusted: tuple[str, ...]) -> bool:
    """A pattern's * is any text; a path that climbs is none that was meant."""
    is_plain = log is not None and ".." not in PurePath(log).parts
    return is_plain and any(fnmatchcase(str(log), one) for one in trusted)


def _named(values: Iterable[str]) -> str:
    listed = [f"{value[:128]!a}" for value in values]
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more


def _by_name(command: str, typed: Iterable[str]) -> str:
    """The same for those alone that a person typed: what a log asks for is not there to be pasted."""
    return " ".join((*shlex.split(command)[:2], shlex.join(typed) or "SERVER"))


def _leaving(command: str, listed: Iterable[str]) -> str:
    return shlex.join([*shlex.split(command), *(word for name in listed for word in ("--without", name))])
