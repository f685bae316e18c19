"""Coverage as one HTML page: no script, nothing fetched, every text escaped."""

import base64
import hashlib
import html
from collections import Counter
from collections.abc import Iterable, Sequence

from mcpsoar.app.blindspots import blind_spots, shown
from mcpsoar.app.coverage import Can, Coverage, Item, ItemKind, Outlook
from mcpsoar.kit.plain import shown as bared
from mcpsoar.pack.landscape import FRAMEWORKS

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2126; --paper: #ffffff; --line: #c9ced4; --soft: #f1f3f5;
  --yes: #1b6e2c; --if: #7a5200; --no: #a3201a; --link: #0b57a4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e7ea; --paper: #14171a; --line: #3b424a; --soft: #1e2328;
    --yes: #7fd18d; --if: #e6b45c; --no: #ff9a92; --link: #8cc2ff; } }
body { margin: 0 auto; padding: 1.5rem; max-width: 100rem; color: var(--ink); background: var(--paper);
  font: 0.95rem/1.5 system-ui, sans-serif; }
a { color: var(--link); }
nav ul { padding: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; }
h1 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
.scroll { overflow: auto; max-height: 85vh; border: 1px solid var(--line); }
.scroll:focus-visible, a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: 0.5rem; }
th, td { padding: 0.3rem 0.6rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
thead th { position: sticky; top: 0; background: var(--soft); z-index: 2; }
tbody th { font-weight: 600; background: var(--paper); }
.matrix tbody th { position: sticky; left: 0; z-index: 1; min-width: 18rem; } .matrix td { min-width: 6rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.yes { color: var(--yes); font-weight: 700; } .if { color: var(--if); } .no { color: var(--no); }
.small { font-size: 0.85em; } code { overflow-wrap: anywhere; }
"""
_FRAMES = {"atlas": "MITRE ATLAS", "owasp": "OWASP MCP Top 10", "safe": "SAFE-MCP"}


def page(coverage: Coverage) -> str:
    """The whole page. What comes from files and logs is text in it, never markup."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    kinds = Counter(item.kind for item in coverage.items)
    counted = (
        f"{kinds[ItemKind.EVENT]} rules, {kinds[ItemKind.WINDOW]} detections over windows and "
        f"{kinds[ItemKind.GATE]} gates; techniques as in MITRE ATLAS {coverage.field.atlas_version}."
    )
    parts = [
        ("risks", "Risks", _risks(coverage)),
        ("sources", "Log sources by risk", _sources(coverage)),
        ("matrix", "Content by log source", _matrix(coverage)),
        *((name, _FRAMES[name], _techniques(coverage, name)) for name in FRAMEWORKS),
        ("blind", "Blind spots", _blind(coverage)),
    ]
    links = "".join(f'<li><a href="#{name}">{_text(title)}</a></li>' for name, title, _ in parts)
    body = "".join(
        f'<section id="{name}"><h2>{_text(title)}</h2>{text}</section>' for name, title, text in parts
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_text(policy)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>mcpsoar: coverage</title><style>{_STYLE}</style></head><body><header>"
        f"<h1>What is watched, and what is not</h1><p>{_text(counted)}</p>"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav></header><main>{body}</main></body></html>\n'
    )


def _text(text: str) -> str:
    """Text as text of the page, without what hides: a page may be read on a terminal, too."""
    return html.escape(bared(text))


def _risks(coverage: Coverage) -> str:
    rows = []
    for risk in coverage.risks():
        counts = [(str(len(coverage.of_risk(risk.id, kind))), "number") for kind in ItemKind]
        listed = [
            (", ".join(_mark(coverage, name, one) for one in risk.techniques[name]), None)
            for name in FRAMEWORKS
        ]
        rows.append((f"{_text(risk.title)} <code>{_text(risk.id)}</code>", [*counts, *listed]))
    heads = ("Risk", "Rules", "Detections", "Gates", *_FRAMES.values())
    return _table("What belongs to each risk; a technique without content is marked.", heads, rows)


def _mark(coverage: Coverage, framework: str, technique: str) -> str:
    text = _text(shown(framework, technique))
    if coverage.of_technique(framework, technique):
        return text
    return f'<span class="no">{text} (no content)</span>'


def _sources(coverage: Coverage) -> str:
    risks = coverage.risks()
    rows = []
    for seen in coverage.seen:
        cells = [(_share(seen, coverage.of_risk(risk.id)), None) for risk in risks]
        title = f'{_text(seen.title)} <span class="small">({_text(seen.evidence)})</span>'
        rows.append((title, [*cells, (_text(seen.cannot), "small")]))
    heads = ("Log source", *(risk.id for risk in risks), "What it cannot tell")
    said = "How much of the content a source answers by itself, and with its options and look-ups."
    return _table(said, heads, rows)


def _share(seen: Outlook, items: Iterable[Item]) -> str:
    counts = Counter(seen.answered(items))
    yes, help_, unknown = counts[Can.YES], counts[Can.IF], counts[Can.CANNOT_TELL]
    word = "yes" if yes else "if" if help_ or unknown else "no"
    more = f" ({yes + help_} with help)" if help_ else ""
    more += f" ({unknown} cannot tell)" if unknown else ""
    return f'<span class="{word}">{yes} of {counts.total()}{more}</span>'


def _matrix(coverage: Coverage) -> str:
    rows = []
    for item in coverage.items:
        cells = [(item.kind.value, None), (_text(item.level), None), (_text(", ".join(item.risks)), None)]
        cells += [(_answer(seen, item), None) for seen in coverage.seen]
        rows.append((f"<code>{_text(item.id)}</code><br>{_text(item.title)}", cells))
    heads = ("Content", "Kind", "Level", "Risk", *(seen.id for seen in coverage.seen))
    said = "yes: the source fills every needed column; if: with what is named; no: it lacks what is named; "
    said += "cannot tell: it failed on this log."
    return _table(said, heads, rows, css="matrix")


def _answer(seen: Outlook, item: Item) -> str:
    answer = seen.answers.get(item.id)
    if answer is None:
        return "not asked"
    css = "if" if answer.can is Can.CANNOT_TELL else answer.can.value
    said = "; ".join(answer.through) or ("lacks " + ", ".join(answer.lacks) if answer.lacks else "")
    said = f"failed: {answer.failed}" if answer.failed else said
    note = f' <span class="small">{_text(said)}</span>' if said else ""
    return f'<span class="{css}">{answer.can.value.replace("_", " ")}</span>{note}'


def _techniques(coverage: Coverage, framework: str) -> str:
    rows = []
    for technique in coverage.techniques(framework):
        items = coverage.of_technique(framework, technique)
        name = coverage.field.names.get(framework, {}).get(technique, "")
        listed = ", ".join(f"<code>{_text(item.id)}</code>" for item in items)
        cells = [
            (_text(name), None),
            (str(len(items)), "number"),
            (listed or '<span class="no">no content</span>', None),
        ]
        rows.append((_text(shown(framework, technique)), cells))
    return _table(f"Content by technique of {_FRAMES[framework]}.", ("Id", "Name", "Count", "Content"), rows)


def _blind(coverage: Coverage) -> str:
    rows = [
        (_text(one.what), [(one.kind.value, None), (_text(one.why), None)]) for one in blind_spots(coverage)
    ]
    return _table("What nobody sees, and why.", ("What", "Of", "Why"), rows)


def _table(
    caption: str,
    heads: Sequence[str],
    rows: Sequence[tuple[str, Sequence[tuple[str, str | None]]]],
    css: str = "",
) -> str:
    """Cells hold markup that is escaped already; heads and the caption are text."""
    top = "".join(f'<th scope="col">{_text(head)}</th>' for head in heads)
    body = "".join(
        f'<tr><th scope="row">{name}</th>'
        + "".join(
            f"<td{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{text}</td>" for text, kind in cells
        )
        + "</tr>"
        for name, cells in rows
    )
    region = f'role="region" tabindex="0" aria-label="{_text(caption)}"'
    return (
        f'<div class="scroll" {region}><table class="{css}"><caption>{_text(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )
