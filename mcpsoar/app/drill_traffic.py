"""The traffic of a drill: benign calls, attacks, and whom the gates wake about them."""

from collections.abc import Sequence
from typing import Any

from mcpsoar.app.drill_ground import Ground, events
from mcpsoar.app.drill_outcome import Played, Quiet, Raised
from mcpsoar.app.drill_table import ROWS, Row
from mcpsoar.app.watch import Look
from mcpsoar.core.finding import Page

_WHO = 5


def benign(ground: Ground) -> Quiet:
    """Several actors over several servers: nothing may fire, nobody may be paged."""
    from mcpsoar.lab.traffic import benign as play

    ground.say("benign traffic: several actors over several servers")
    start = ground.settings.clock.monotonic()
    calls = play(ground.stage)
    took_s = ground.settings.clock.monotonic() - start
    look = ground.look(ground.log)
    rows = events(ground.log.read_bytes())
    quiet = Quiet(
        calls=calls,
        actors=len({row.get("actor_id") for row in rows}),
        servers=len({row.get("server_name") for row in rows}),
        seconds=took_s,
        rules=tuple(finding.rule for finding in look.findings if finding.count),
        gates=tuple(page.gate for page in look.pages),
    )
    ground.check("benign: no gate pages", f"paged: {_names(quiet.gates)}", holds=not quiet.gates)
    ground.check("benign: no rule fires", f"fired: {_names(quiet.rules)}", holds=not quiet.rules)
    ground.say(f"{calls} benign calls in {took_s:.1f} s: {len(quiet.gates)} pages")
    return quiet


def attack(ground: Ground, row: Row, quiet_log: bytes) -> Played:
    """Play one attack and judge it on the benign log and its own events."""
    from mcpsoar.lab.attacks import ATTACKS

    play = ATTACKS[row.attack]
    ground.say(f"attack: {row.attack}: {play.story}")
    before = ground.log.stat().st_size
    play.play(ground.stage)
    own = ground.log.read_bytes()[before:]
    part = ground.settings.home / "attacks" / f"{row.attack}.ndjson"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(quiet_log + own)
    look = ground.look(part)
    rows = events(own)
    ids = {one.get("event_id") for one in rows}
    fired = tuple(
        finding.rule for finding in look.findings if finding.count and ids.intersection(finding.evidence)
    )
    paged = tuple(page.gate for page in look.pages)
    decision = str(rows[-1].get("decision")) if rows else "no event"
    expected = () if row.gate is None else (row.gate,)
    check = ground.check(
        f"attack {row.attack}",
        f"rules: {_names(fired)}; gates: {_names(paged)}; decision: {decision}",
        holds=set(fired) == set(row.rules) and paged == expected and decision == row.decision,
    )
    return Played(row, play.story, len(rows), fired, paged, decision, check)


def raised(ground: Ground, whole: Look) -> tuple[Raised, ...]:
    """The pages of the whole log, with the people and calls behind them."""
    by_id = {row.get("event_id"): row for row in events(ground.log.read_bytes())}
    pages = tuple(Raised(page, _who(page, by_id)) for page in whole.pages)
    expected = {row.gate for row in ROWS if row.gate}
    paged = {page.gate for page in whole.pages}
    ground.check("whole log: the pages", f"paged: {_names(sorted(paged))}", holds=paged == expected)
    return pages


def _who(page: Page, by_id: dict[Any, dict[str, Any]]) -> tuple[str, ...]:
    """Who did what where and when it was last seen, most frequent first, from the page's evidence."""
    seen: dict[str, list[str]] = {}
    for event in page.evidence:
        row = by_id.get(event, {})
        actor = row.get("actor_id") or "nobody known"
        deed = row.get("tool_name") or row.get("method") or row.get("event_kind") or "a call"
        words = f"{actor} · {row.get('server_name')} · {deed} · {row.get('decision')}"
        seen.setdefault(words, []).append(str(row.get("event_time")))
    ranked = sorted(seen.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(f"{words} × {len(times)}, last {max(times)}" for words, times in ranked[:_WHO])


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
