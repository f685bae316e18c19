"""What `rules test` found as a SARIF 2.1.0 log: one result for each claim that does not hold."""

from pathlib import Path

from mcpsoar.app import sarif
from mcpsoar.app.proof import Proof
from mcpsoar.app.proving import CaseResult
from mcpsoar.app.scan_sarif import invocation
from mcpsoar.core.digest import Facts, digest

_NO_LOGS: Facts = {
    "executionSuccessful": True,
    "toolExecutionNotifications": [],
    "toolConfigurationNotifications": [],
}


def document(proof: Proof) -> Facts:
    """One run. What holds is no result; a failing case is an error, whatever the level of its rule.

    How the user's own logs were asked is told as a scan of them tells it.
    """
    index = {text.id: at for at, text in enumerate(proof.texts)}
    run = {
        "invocations": [invocation(proof.scanned) if proof.scanned else _NO_LOGS],
        "results": [_result(one, index[one.of]) for one in proof.failed],
    }
    return sarif.document(proof.texts, run)


def _result(one: CaseResult, index: int) -> Facts:
    file, _, line = one.where.rpartition(":")
    return {
        "ruleId": one.of,
        "ruleIndex": index,
        "level": "error",
        "kind": "fail",
        "message": {"text": sarif.plain(f"{one.of}: {one.kind} {one.name}: {one.why}")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": sarif.uri(_nearest(file))},
                    "region": {"startLine": int(line)},
                }
            }
        ],
        "partialFingerprints": {"ruleAndClaim/v1": digest([one.of, str(one.kind), one.name])},
    }


def _nearest(file: str) -> str:
    """A path below the working directory is told from there: that is how code scanning finds the line."""
    path, here = Path(file), Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else file
