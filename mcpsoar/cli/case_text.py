"""What `rules test` and `gates test` answer: which case failed where, and how many hold."""

from collections import Counter
from collections.abc import Sequence

from mcpsoar.app.proving import CaseResult, verdict
from mcpsoar.cli import show
from mcpsoar.core.verdict import Verdict


def answer(results: Sequence[CaseResult], noun: str, *, is_json: bool) -> Verdict:
    """Print the results; `noun` is what has the cases, a rule or a gate."""
    failed = [result for result in results if result.why]
    found = verdict(results)
    if is_json:
        show.document(
            {
                "verdict": found.name.lower(),
                "passed": len(results) - len(failed),
                "failed": len(failed),
                "cases": [
                    {
                        noun: result.of,
                        "case": result.name,
                        "kind": str(result.kind),
                        "ok": not result.why,
                        "where": result.where,
                        "why": result.why or None,
                    }
                    for result in results
                ],
            }
        )
        return found
    for result in failed:
        said = f"{result.where}: {result.of}: {result.kind} case {result.name!r} {result.why}"
        show.line(show.clean(said))
    held = Counter(result.of for result in results if not result.why)
    broken = {result.of for result in failed}
    for name in dict.fromkeys(result.of for result in results):
        state = "FAIL" if name in broken else "ok"
        show.line(show.clean(f"{state:<5}{name}  {held[name]} cases hold"))
    show.line(f"{len(results) - len(failed)} cases hold, {len(failed)} fail")
    return found
