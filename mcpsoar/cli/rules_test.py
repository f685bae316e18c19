"""`mcpsoar rules test`: options and words only."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcpsoar.cli import show, stdout
from mcpsoar.cli.options import Common, common_as
from mcpsoar.cli.words import filled
from mcpsoar.core.errors import Usage
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock, now_ms
from mcpsoar.pack.locate import locate

if TYPE_CHECKING:
    from mcpsoar.app.scanning import Scanned


@click.command("test")
@click.argument("wanted", nargs=-1, metavar="[RULE]...")
@click.option(
    "--corpora",
    type=filled,
    metavar="DIR",
    help="Recorded logs with a manifest.json, instead of those beside the pack.",
)
@click.option("--no-corpora", is_flag=True, help="Ask the cases alone.")
@click.option(
    "--logs", type=filled, multiple=True, metavar="LOG", help="Also say what this log shows; repeatable."
)
@common_as("junit", "sarif")
def test(
    given: Common,
    *,
    wanted: tuple[str, ...],
    corpora: str | None,
    no_corpora: bool,
    logs: tuple[str, ...],
) -> Verdict:
    """Prove the rules and detections (all of the pack, or those named) on DuckDB; no SIEM is needed.

    A positive case must match, a negative or benign one must not, and without a case of each kind a rule
    fails. Positive cases are also asked in other spellings: absent fields missing, null, empty or blank,
    enumerations in upper case, lists turned. On attacks a rule must fire where it is expected; on benign
    logs one of level high or critical must not, and another no oftener than known.json explains, or, of our
    own pack on its own corpora, exactly as often.
    --logs shows what your own logs would raise, or why a rule cannot be asked of them: that is no failure.
    Exit codes: 0 everything holds, 1 something fails, 2 a rule, a case or a log cannot be read, 3 a rule
    cannot be run, or what LOG shows is not known: no event, a log that broke off, ids that stand for several
    events, no rule that can be asked, or a detection that ran out of time or room.
    """
    from mcpsoar.app import proof as app

    if corpora and no_corpora:
        raise Usage("--corpora and --no-corpora exclude each other")
    root = locate(given.pack, os.environ)
    folder = None if no_corpora else _folder(root, corpora)
    proof = app.prove(root, wanted, corpora=folder, logs=logs, now_ms=now_ms(SystemClock()))
    if proof.scanned and given.format != "text":
        _talk(proof.scanned)
    match given.format:
        case "json":
            show.document(app.document(proof))
        case "junit":
            from mcpsoar.app import junit

            stdout.write(junit.document(proof.results, proof.scanned) + "\n")
        case "sarif":
            from mcpsoar.app import proof_sarif

            show.document(proof_sarif.document(proof))
        case _:
            from mcpsoar.cli import proof_text

            proof_text.tell(proof, no_color=given.no_color)
    return app.verdict(proof)


def _talk(scanned: "Scanned") -> None:
    from mcpsoar.cli import look_text, scan_text

    look_text.doubts(scanned.look, say=show.talk, keeper=look_text.KEEPER)
    scan_text.unknown(scanned, show.talk)


def _folder(root: Path, named: str | None) -> Path | None:
    from mcpsoar.pack.corpora import beside

    return Path(named) if named else beside(root)
