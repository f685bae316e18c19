"""Secrets that are named and never written: from the environment, a file, or a command."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from mcpsoar.app.secret_commands import Commands
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import SecretSource
from mcpsoar.core.secret import Secret

_Place: TypeAlias = tuple[Any, Any, tuple[str | int, ...]]  # what holds it, at which key, the way there


class NotThere(Usage):
    """A secret that is named as it should be, and that nobody gives now."""


def resolved(
    said: Any, environ: Mapping[str, str], commands: Commands, *, where: str
) -> tuple[tuple[Secret, ...], list[str]]:
    """The secrets of one table, or of a list of them in the order of trying; and why others are left out.

    Of a list those that are not there are left out while one is: at 2:00 AM the single sign-on that a command
    needs may be what is down. Commands run at the same time. Raises NotThere where there is none, Usage.
    """
    if not isinstance(said, list):
        return (resolve(said, environ, commands, where=where),), []
    if not said:
        raise Usage("a list of tokens names at least one", where=where)
    commands.ahead(said)
    there: list[Secret] = []
    lacking: list[str] = []
    for one in said:
        try:
            there.append(resolve(one, environ, commands, where=where))
        except NotThere as trouble:
            lacking.append(str(trouble))
    if not there:
        raise NotThere(f"none of the tokens is there: {'; '.join(lacking)}")
    return tuple(there), lacking


def with_secrets(
    options: dict[str, Any],
    paths: Iterable[str],
    environ: Mapping[str, str],
    commands: Commands,
    where: Callable[[tuple[str | int, ...]], str],
) -> dict[str, Any]:
    """The same options with the secret in each place that `paths` lead to: `clients.*.secret`, * any element.

    What a file or a command gives may be empty. Raises Usage with the line.
    """
    copied: dict[str, Any] = deepcopy(options)
    for holder, key, keys in found(copied, paths):
        holder[key] = resolve(holder[key], environ, commands, where=where(keys), may_be_empty=True)
    return copied


def found(options: dict[str, Any], paths: Iterable[str]) -> list[_Place]:
    """What stands where the paths lead to."""
    return [place for path in paths for place in _places(options, tuple(path.split(".")), ())]


def _places(holder: Any, path: tuple[str, ...], above: tuple[str | int, ...]) -> Iterator[_Place]:
    """Those that are there: what lacks is for the connector to complain of."""
    own: tuple[Any, ...] = (path[0],) if isinstance(holder, dict) and path[0] in holder else ()
    if path[0] == "*" and isinstance(holder, list):
        own = tuple(range(len(holder)))
    for key in own:
        if len(path) == 1:
            yield holder, key, (*above, key)
        else:
            yield from _places(holder[key], path[1:], (*above, key))


def resolve(
    said: Any, environ: Mapping[str, str], commands: Commands, *, where: str, may_be_empty: bool = False
) -> Secret:
    """The secret that `{ env | file | command = … }` names. Raises Usage, NotThere; shows nothing of it.

    An empty one is none, and `may_be_empty` says of files and commands that it is one.
    """
    if not isinstance(said, dict) or len(said) != 1 or next(iter(said)) not in list(SecretSource):
        raise Usage(
            'a token is named, not written: { env = "NAME" }, { file = "PATH" } or { command = ["…"] }',
            where=where,
        )
    source, value = next(iter(said.items()))
    again: Callable[[], Secret] | None = None
    match source:
        case SecretSource.ENV if isinstance(value, str):
            text = environ.get(value, "")
        case SecretSource.FILE if isinstance(value, str):
            text = _file(value, where)
            again = partial(_file_again, value, where)
        case SecretSource.COMMAND if isinstance(value, list) and all(isinstance(word, str) for word in value):
            text = _command(value, commands, where)
            again = partial(_command_again, value, where)
        case _:
            raise Usage(f"{source} is a name, a path or a list of words", where=where)
    if not text and not (may_be_empty and source != SecretSource.ENV):
        raise NotThere(f"the secret that {source} names is empty or not there: {value!r}", where=where)
    return Secret(text, again)


def _file_again(path: str, where: str) -> Secret:
    return Secret(_file(path, where))


def _command_again(words: list[str], where: str) -> Secret:
    """Run once more, whoever has asked before."""
    commands = Commands()
    try:
        return Secret(_command(words, commands, where))
    finally:
        commands.close()


def _file(path: str, where: str) -> str:
    try:
        return Path(path).expanduser().read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        raise NotThere(
            f"the secret file {path} cannot be read: {type(error).__name__}", where=where
        ) from None


def _command(words: list[str], commands: Commands, where: str) -> str:
    import subprocess

    if not words:
        return ""
    try:
        return commands.secret(words).reveal()
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        # from None, and no words of the command's own: its output may be the secret
        why = f"{type(error).__name__}"
        raise NotThere(f"the secret command {words[0]!r} gave none: {why}", where=where) from None
