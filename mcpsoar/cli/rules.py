"""`mcpsoar rules`: options and words only."""

import os
from collections import Counter
from pathlib import Path

import click

from mcpsoar.app import rules as app
from mcpsoar.cli import show
from mcpsoar.cli.options import Common, common
from mcpsoar.cli.rules_coverage import coverage
from mcpsoar.cli.rules_scan import scan
from mcpsoar.cli.rules_test import test
from mcpsoar.cli.words import filled
from mcpsoar.core.content import CaseKind, DetectionText, Text
from mcpsoar.pack.locate import locate

_ALSO = {"elastic": "esql"}  # other names of targets


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def rules() -> None:
    """Rules look at one event of the audit log, detections at several. List, test, scan and convert them."""


rules.add_command(test)
rules.add_command(scan)
rules.add_command(coverage)


@rules.command("list")
@common
def list_(given: Common) -> None:
    """List the rules and detections of the pack: the risk that each watches, and the columns that it needs.

    An event rule looks at one event, a window detection at several. A log without one of these columns cannot
    answer it: its silence is no all-clear. Reads files alone.
    """
    found = app.listed(_root(given))
    if given.is_json:
        show.document({"rules": [_facts(rule) for rule in found]})
        return
    rows = [
        (rule.id, _kind(rule), rule.risk, rule.level, str(len(rule.cases)), rule.title, ", ".join(rule.needs))
        for rule in found
    ]
    show.table(("RULE", "KIND", "RISK", "LEVEL", "CASES", "TITLE", "NEEDS"), rows, no_color=given.no_color)


@rules.command("convert")
@click.argument("target")
@click.argument("wanted", nargs=-1, metavar="[RULE]...")
@click.option(
    "--dialect", type=filled, metavar="NAME", help="SQL dialect, for the target sql (default: duckdb)."
)
@common
def convert(given: Common, target: str, wanted: tuple[str, ...], dialect: str | None) -> None:
    """Print rules in the language of TARGET: splunk (SPL), esql (ES|QL, also called elastic), lucene or sql.

    Nothing is sent anywhere. What a target cannot say is refused by name, with the file and line. A detection
    that cannot be said there has a comment with the reason in its place.
    """
    made = app.converted(_root(given), _ALSO.get(target, target), wanted, dialect=dialect)
    if given.is_json:
        show.document(
            {
                "target": target,
                "rules": [
                    {
                        "id": one.rule.id,
                        "title": one.rule.title,
                        "query": one.query,
                        "refusal": one.refusal or None,
                    }
                    for one in made
                ],
            }
        )
        return
    for number, one in enumerate(made):
        if len(made) > 1:
            show.line(("\n" if number else "") + show.clean(one.heading))
        show.line(one.query if one.query is not None else _comment(one))


def _comment(one: app.Converted) -> str:
    return show.clean(one.comment.format(f"cannot be said: {one.refusal}"))


def _root(given: Common) -> Path:
    return locate(given.pack, os.environ)


def _kind(rule: Text) -> str:
    return "window" if isinstance(rule, DetectionText) else "event"


def _facts(rule: Text) -> dict[str, object]:
    kinds = Counter(case.kind for case in rule.cases)
    return {
        "id": rule.id,
        "uuid": rule.uuid,
        "title": rule.title,
        "kind": _kind(rule),
        "risk": rule.risk,
        "level": rule.level,
        "status": rule.status,
        "needs": list(rule.needs),
        "playbook": rule.playbook,
        "tags": list(rule.tags),
        "cases": {kind.value: kinds[kind] for kind in CaseKind},
        "path": str(rule.path),
    }
