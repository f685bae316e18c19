"""Coverage as the JSON document of `rules coverage --format json`. More keys may come, none goes."""

from mcpsoar.app.blindspots import blind_spots, shown
from mcpsoar.app.coverage import Answer, Coverage, ItemKind, Outlook, verdict
from mcpsoar.app.look_document import read
from mcpsoar.core.digest import Facts
from mcpsoar.pack.landscape import FRAMEWORKS


def document(coverage: Coverage) -> Facts:
    """The verdict, risks, content, techniques, log sources with what each can answer, and blind spots."""
    return {
        "verdict": verdict(coverage).name.lower(),
        "atlas_version": coverage.field.atlas_version,
        "risks": [
            {
                "risk": risk.id,
                "title": risk.title,
                **{kind.value: [item.id for item in coverage.of_risk(risk.id, kind)] for kind in ItemKind},
                **{name: [shown(name, one) for one in risk.techniques[name]] for name in FRAMEWORKS},
            }
            for risk in coverage.risks()
        ],
        "content": [
            {
                "id": item.id,
                "kind": item.kind.value,
                "title": item.title,
                "level": item.level,
                "risks": list(item.risks),
                "needs": list(item.needs),
                **{name: [shown(name, one) for one in item.techniques.get(name, ())] for name in FRAMEWORKS},
            }
            for item in coverage.items
        ],
        "techniques": {
            name: [
                {
                    "id": shown(name, one),
                    "name": coverage.field.names.get(name, {}).get(one),
                    "content": [item.id for item in coverage.of_technique(name, one)],
                }
                for one in coverage.techniques(name)
            ]
            for name in FRAMEWORKS
        },
        "sources": [_source(seen) for seen in coverage.seen],
        "blind_spots": [
            {"kind": one.kind.value, "what": one.what, "why": one.why} for one in blind_spots(coverage)
        ],
    }


def _source(seen: Outlook) -> Facts:
    return {
        "id": seen.id,
        "title": seen.title,
        "evidence": seen.evidence,
        "cannot": seen.cannot,
        "read": None if seen.look is None else read(seen.look),
        "answers": {name: _answer(answer) for name, answer in seen.answers.items()},
    }


def _answer(answer: Answer) -> Facts:
    return {
        "can": answer.can.value,
        "lacks": list(answer.lacks),
        "through": list(answer.through),
        "failed": answer.failed or None,
    }
