"""What is said of a pack's content, by every command that builds one."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from mcpsoar.cli.words import filled
from mcpsoar.siems.asked import Options

F = TypeVar("F", bound=Callable[..., Any])


def content_options(command: F) -> F:
    """Give a command --overlay, --mapping, --index, --tenant-field, --cluster and --tier."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def options(said: Mapping[str, Any], space: str) -> Options:
    """Those of them that say where a user keeps what."""
    return Options(
        said["index"] or "", said["tenant_field"] or "", space, said["cluster"] or "", said["tier"]
    )


def files(said: Mapping[str, Any]) -> dict[str, Path | None]:
    """Those of them that name a file: `tuning` and `mapping`."""
    named = {"tuning": said["overlay"], "mapping": said["mapping"]}
    return {key: Path(path) if path else None for key, path in named.items()}


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--overlay", type=filled, metavar="FILE", help="Your own tuning; see the pack's README."),
    click.option("--mapping", type=filled, metavar="FILE", help="What your own log calls the columns."),
    click.option("--index", type=filled, metavar="NAME", help="The index that holds the events."),
    click.option(
        "--tenant-field", type=filled, metavar="FIELD", help="Group, throttle and suppress by it first."
    ),
    click.option("--cluster", type=filled, metavar="NAME", help="Elastic: a remote cluster to search."),
    click.option(
        "--tier",
        type=click.Choice(["basic", "platinum", "enterprise"]),
        default="basic",
        show_default=True,
        help="Elastic: what the licence allows.",
    ),
)
