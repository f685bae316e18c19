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
@click.argument("wanted", nargs=-1, metavar="[ID]...")
@click.option("--profile", type=filled, metavar="NAME", help="Run them on the SIEM of this profile.")
@common
def selftest(given: Common, siem: str, wanted: tuple[str, ...], profile: str | None) -> Verdict:
    """Print searches to paste into SIEM: one a case of the rules, gates and detections, its events inside.

    Each reads no index and writes nothing, and ends in one row: case, expected, found, and the verdict, ok or
    WRONG. A case that its language cannot say, or that is too long, is told with the reason. Nothing is sent
    anywhere, unless --profile runs them there and prints the table. Exit codes: 0 all printed, or all ok, 1 a
    WRONG one, 3 a case without a search, or the SIEM could not tell.
    """
    comment, checks = selftesting.checks(locate(given.pack, os.environ), siem, wanted)
    if profile is None:
        is_whole = _print(given, siem, comment, checks)
        return Verdict.YES if is_whole else Verdict.CANNOT_TELL
    answers = _asked(given, siem, checks, profile)
    if given.is_json:
        show.document({"siem": siem, "checks": [_facts(one) for one in answers]})
    else:
        rows = [
            (one.check.name, one.check.expected, one.found or one.why, _WORDS[one.verdict]) for one in answers
        ]
        show.table(("CASE", "EXPECTED", "FOUND", "VERDICT"), rows, no_color=given.no_color)
    return selftesting.verdict(answers)


def _print(given: Common, siem: str, comment: str, checks: Sequence[Check]) -> bool:
    """Whether every case has its search."""
    if given.is_json:
        show.document({"siem": siem, "checks": [_search(one) for one in checks]})
        return not any(one.why for one in checks)
    number = 0
    for one in checks:
        name = one.name.replace("`", "'")  # three would end a comment of SPL
        why = one.why
        if any(hidden_in(line) for line in one.query.split("\n")):
            why = "its search holds characters that a terminal would not show"
        if why:
            show.talk(f"left out: {name}: {why}")
            continue
        show.line(("\n" if number else "") + comment.format(show.clean(name)))
        show.line(one.query)
        number += 1
    return number == len(checks)


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


def _search(check: Check) -> dict[str, object]:
    told = {"case": check.name, "expected": check.expected, "query": check.query or None}
    return {**told, "why": check.why or None}


def _facts(answer: Answer) -> dict[str, object]:
    told = {"case": answer.check.name, "expected": answer.check.expected, "found": answer.found or None}
    return {**told, "verdict": _WORDS[answer.verdict], "why": answer.why or None}
