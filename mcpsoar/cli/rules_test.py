"""`mcpsoar rules test`: options and words only."""

import os

import click

from mcpsoar.app import rules as app
from mcpsoar.cli.case_text import answer
from mcpsoar.cli.options import Common, common
from mcpsoar.core.verdict import Verdict
from mcpsoar.pack.locate import locate


@click.command("test")
@click.argument("wanted", nargs=-1, metavar="[RULE]...")
@common
def test(given: Common, wanted: tuple[str, ...]) -> Verdict:
    """Run every case of the rules (all, or those named) as SQL on DuckDB.

    A positive case must match, a negative or benign one must not. A rule without a case of each kind fails.
    Exit codes: 0 every case holds, 1 a case fails, 2 a rule or a case cannot be read, 3 a rule cannot be run.
    """
    return answer(app.proved(locate(given.pack, os.environ), wanted), "rule", is_json=given.is_json)
