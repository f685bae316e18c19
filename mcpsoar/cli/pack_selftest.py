"""`mcpsoar pack selftest`: options and words only."""

import os

import click

from mcpsoar.app import selftesting
from mcpsoar.cli import show
from mcpsoar.cli.options import Common, common
from mcpsoar.pack.locate import locate


@click.command("selftest")
@click.argument("siem")
@click.argument("wanted", nargs=-1, metavar="[RULE]...")
@common
def selftest(given: Common, siem: str, wanted: tuple[str, ...]) -> None:
    """Print searches to paste into SIEM: one a case of the rules, with its events inside.

    Each reads no index and writes nothing, and ends in one row: case, expected, found, and the verdict, ok or
    WRONG. Nothing is sent anywhere.
    """
    comment, checks = selftesting.checks(locate(given.pack, os.environ), siem, wanted)
    if given.is_json:
        told = [{"case": one.name, "expected": one.expected, "query": one.query} for one in checks]
        show.document({"siem": siem, "checks": told})
        return
    for number, one in enumerate(checks):
        show.line(("\n" if number else "") + show.clean(comment.format(one.name)))
        show.line(one.query)
