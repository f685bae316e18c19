"""`mcpsoar pack plan`, `apply` and `drift`: options and words; the work is in `app.deploying`."""

import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mcpsoar.cli import pack_content, show
from mcpsoar.cli.answer import talker, who
from mcpsoar.cli.options import Common, common
from mcpsoar.cli.words import filled
from mcpsoar.core.errors import Denied, Unreachable
from mcpsoar.core.verdict import Verdict

if TYPE_CHECKING:
    from mcpsoar.app.deploying import Place
    from mcpsoar.siems.deploy.plan import EditPolicy
    from mcpsoar.siems.deploy.told import Told
    from mcpsoar.siems.objects import Item

F = TypeVar("F", bound=Callable[..., Any])
_FLAGS = ("adopt", "change_options")

_overwrite = click.option(
    "--overwrite",
    type=filled,
    multiple=True,
    metavar="NAME",
    help="Ours wins over what somebody edited or deleted there; a name or a pattern, as often as needed.",
)
_adopt = click.option(
    "--adopt",
    is_flag=True,
    help="What is there under our names is ours from now on; where it differs it stays as it is.",
)


def _place_options(command: F) -> F:
    for option in reversed(
        (
            click.argument("siem"),
            click.option(
                "--profile", type=filled, metavar="NAME", help="Which profile of the settings to use."
            ),
            click.option(
                "--home", type=filled, metavar="DIR", help="Where it is remembered what was applied."
            ),
            pack_content.deployed_options,
            click.option(
                "--change-options",
                is_flag=True,
                help="Other options than those of the last apply are meant, and change what they said.",
            ),
        )
    ):
        command = option(command)
    return command


@click.command("plan")
@_place_options
@_overwrite
@_adopt
@common
def plan(given: Common, siem: str, **said: Any) -> Verdict:
    """Show what `apply` would do to SIEM, such as splunk or elastic. Looks only; sends no change.

    Three ways: what was last applied, what the pack is now, what is there. What an analyst edited there is
    kept. Exit 0: a plan. 1: with conflicts, which `apply` keeps as they are. 3: the SIEM did not answer.
    """
    from mcpsoar.app import deploy_document
    from mcpsoar.cli import pack_deploy_text as text

    with _place(given, siem, said) as (place, items, _):
        made = place.plan(items, _policy(said))
    if given.is_json:
        show.document(deploy_document.planned(place, made))
    else:
        for line in text.plan(made):
            show.line(line)
        if any(step.is_sent for step in made.steps):
            show.line(f"  next     {_again('apply', given, siem, said)} --plan {made.digest}")
    return Verdict.NO if made.in_conflict else Verdict.YES


@click.command("apply")
@_place_options
@_overwrite
@_adopt
@click.option(
    "--plan", "digest", type=filled, metavar="DIGEST", help="Apply the plan of this digest, or nothing."
)
@common
def apply(given: Common, siem: str, **said: Any) -> Verdict:
    """Bring SIEM, such as splunk or elastic, to what the pack is now: plan, send, and read each object back.

    Creates, changes and deletes what the pack owns. Never switches a rule or search on or off, never touches
    actions and exceptions, and keeps what an analyst edited. A run that broke off is finished by the next.

    Exit 0: all of it is there. 1: a conflict was kept, or a change was refused. 3: cannot tell.
    """
    from mcpsoar.app import deploy_document
    from mcpsoar.cli import pack_deploy_text as text

    say = talker(given)

    def tell(made: Any) -> None:
        for line in text.plan(made):
            say(line)

    with _place(given, siem, said) as (place, items, told):
        made, outcomes, verdict = place.apply(
            items, _policy(said), by=who(), only=said["digest"], told=told, tell=tell, say=say
        )
    if given.is_json:
        show.document(deploy_document.applied(place, made, outcomes, verdict))
    else:
        for line in text.applied(made, outcomes):
            show.line(line)
        if verdict is Verdict.CANNOT_TELL:
            show.line(f"  next     {_again('apply', given, siem, said)}")
    return verdict


@click.command("drift")
@_place_options
@common
def drift(given: Common, siem: str, **said: Any) -> Verdict:
    """Show what somebody changed in SIEM, such as splunk or elastic, since the pack was applied. Looks only.

    Exit 0: nothing. 1: something. 3: the SIEM did not answer, or nothing is remembered of it.
    """
    from mcpsoar.app import deploy_document
    from mcpsoar.cli import pack_deploy_text as text

    with _place(given, siem, said) as (place, items, _):
        made = place.drift(items)
    if given.is_json:
        show.document(deploy_document.drift(place, made))
    else:
        for line in text.drift(made):
            show.line(line)
    return Verdict.NO if made.drifted or made.in_conflict or made.is_switched else Verdict.YES


@contextmanager
def _place(
    given: Common, siem: str, said: dict[str, Any]
) -> Iterator[tuple["Place", tuple["Item", ...], "Told"]]:
    """The SIEM of the profile, the pack as it is now, and the options it is built with. Raises Usage."""
    from mcpsoar.app import deploying, settings, siem_profiles
    from mcpsoar.kit.clock import SystemClock
    from mcpsoar.pack.locate import locate

    name, binding = deploying.bound(siem, given.config, said["profile"], os.environ)
    for warning in siem_profiles.warnings(binding):
        show.talk(warning)
    home = settings.home(said["home"], os.environ)
    options = pack_content.options(siem, said, binding.options)
    with deploying.place(name, binding, home, SystemClock()) as place:
        files = pack_content.files(said)
        told = deploying.told(siem, options, **files)
        if not said["change_options"]:
            place.remembered(told)
        items = deploying.items(locate(given.pack, os.environ), siem, options, **files)
        try:
            yield place, items, told
        except (Denied, Unreachable) as trouble:
            trouble.next_command = trouble.next_command or _elsewhere(given, siem, said)
            raise


def _elsewhere(given: Common, siem: str, said: dict[str, Any]) -> str:
    """The look at the same place, by settings that may name it and its token otherwise."""
    return _again("plan", given, siem, said) + ("" if given.config else " --config FILE")


def _policy(said: dict[str, Any]) -> "EditPolicy":
    from mcpsoar.siems.deploy.plan import EditPolicy

    return EditPolicy(tuple(said["overwrite"]), said["adopt"])


def _again(verb: str, given: Common, siem: str, said: dict[str, Any]) -> str:
    """The same on the command line."""
    words = ["mcpsoar", "pack", verb, siem]
    more = {"pack": given.pack, "config": given.config}
    for name, value in {**said, **more}.items():
        if name in ("digest", *_FLAGS) or not value or value == pack_content.default(name):
            continue
        for one in value if isinstance(value, tuple) else (value,):
            words += [f"--{name.replace('_', '-')}", one]
    words += [f"--{name.replace('_', '-')}" for name in _FLAGS if said.get(name)]
    return show.clean(shlex.join(words))
