"""`mcpsoar pack selftest`: options and words only."""

import os
from collections.abc import Sequence

import click

from mcpsoar.app import selftesting
from mcpsoar.app.selftesting import Answer
from mcpsoar.cli import show
from mcpsoar.cli.options import Common, common
from mcpsoar.cli.words import filled
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.kit.plain import hidden_in
from mcpsoar.pack.locate import locate
from mcpsoar.siems.checks import Check

_WORDS = {Verdict.YES: "ok", Verdict.NO: "WRONG", Verdict.CANNOT_TELL: "cannot tell"}


@click.command("selftest")
@click.argument("siem")
@click.argument("wanted", nargs=-1, metavar="[RULE]...")
@click.option("--profile", type=filled, metavar="NAME", help="Run them on the SIEM of this profile.")
@common
def selftest(given: Common, siem: str, wanted: tuple[str, ...], profile: str | None) -> Verdict:
    """Print searches to paste into SIEM: one a case of the rules, with its events inside.

    Each reads no index and writes nothing, and ends in one row: case, expected, found, and the verdict, ok or
    WRONG. Nothing is sent anywhere, unless --profile runs them there and prints the table. Exit codes: 0 all
    ok, 1 a WRONG one, 3 the SIEM could not tell.
    """
    comment, checks = selftesting.checks(locate(given.pack, os.environ), siem, wanted)
    if profile is None:
        _print(given, siem, comment, checks)
        return Verdict.YES
    answers = _asked(given, siem, checks, profile)
    if given.is_json:
        show.document({"siem": siem, "checks": [_facts(one) for one in answers]})
    else:
        rows = [
            (one.check.name, one.check.expected, one.found or one.why, _WORDS[one.verdict]) for one in answers
        ]
        show.table(("CASE", "EXPECTED", "FOUND", "VERDICT"), rows, no_color=given.no_color)
    return selftesting.verdict(answers)


def _print(given: Common, siem: str, comment: str, checks: Sequence[Check]) -> None:
    if given.is_json:
        told = [{"case": one.name, "expected": one.expected, "query": one.query} for one in checks]
        show.document({"siem": siem, "checks": told})
        return
    number = 0
    for one in checks:
        name = one.name.replace("`", "'")  # three would end a comment of SPL
        if any(hidden_in(line) for line in one.query.split("\n")):
            show.talk(f"left out: {name}: its search holds characters that a terminal would not show")
            continue
        show.line(("\n" if number else "") + comment.format(show.clean(name)))
        show.line(one.query)
        number += 1


def _asked(given: Common, siem: str, checks: Sequence[Check], profile: str) -> list[Answer]:
    from mcpsoar.app import deploying, siem_profiles

    _, binding = deploying.bound(siem, given.config, profile, os.environ)
    for line in siem_profiles.warnings(binding):
        show.talk(line)
    live = siem_profiles.api(siem).connect(binding, clock=SystemClock())
    try:
        return list(selftesting.answers(checks, live))
    finally:
        live.close()


def _facts(answer: Answer) -> dict[str, object]:
    told = {"case": answer.check.name, "expected": answer.check.expected, "found": answer.found or None}
    return {**told, "verdict": _WORDS[answer.verdict], "why": answer.why or None}
