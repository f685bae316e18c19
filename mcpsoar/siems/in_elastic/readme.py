"""The README of the pack, filled in for the options that it was built with."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from mcpsoar.core.event import MINUTE_MS
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_elastic import detection_rules, gate_rules, naming
from mcpsoar.siems.in_elastic.asks import CLUSTER, SPACE, TIER
from mcpsoar.siems.in_elastic.sample import SAMPLES, in_their_words
from mcpsoar.siems.objects import PackFile
from mcpsoar.targets.es import OLDEST, paths

Left = Sequence[tuple[str, str]]
_SUPPRESSED = """\
A gate that pages says so each minute: alert suppression makes one alert of its window, by {keys}, and
counts the rest. A ratio has no subject, and one alert. A count has one for each of up to 1000 subjects, with
the numerator of all; `-` is events without one."""
_ASKED_LONGER = """\
each run asks for what was completed by an event that came in within the last hour, and suppression makes one
alert of what several runs find."""
_ASKED_SHORTLY = """\
each run asks for what was completed by an event that came in since the last run. One that came in within
a minute of a run has two alerts, and a run that was skipped finds nothing of its time; suppression mends
both."""
_ACROSS = """
  Across clusters none of this can be tuned, as ES|QL joins nothing there after counting: a build says so."""
_TENANT = """

The tenant, `{tenant}`, has to stand at the top of the document, where your shipper puts it: in the event's
own text anybody could write it. It is one text of up to 8191 characters, or a whole number. Of anything else,
such as a list, the pipeline makes `-`: no tenant, under which such events are judged and found."""
_UNSUPPRESSED = """\
This pack was built for the basic licence, which has no alert suppression (Platinum and Enterprise
do: `--tier`): a gate that pages makes an alert each minute until its window is clean. Let its actions run
at most once in a while (rule, Actions, "Custom frequency"), and close its alerts together."""


def file(content: Content, left: Left) -> PackFile:
    """README.md, of what the pack holds and what is left out, each with its reason."""
    text = Path(__file__).with_name("readme.md").read_text("utf-8")
    for name, said in _said(content, left).items():
        text = text.replace(f"{{{{{name}}}}}", said)
    return PackFile("README.md", text.encode())


def _said(content: Content, left: Left) -> dict[str, str]:
    options = content.options
    index = naming.index(content)
    listed = [f"- `{name}`: {why}" for name, why in left]
    keys = ", ".join(f"`{one}`" for one in [*gate_rules.asked(content).by(), "gate", "subject"])
    remote = f" (on the cluster `{options.of(CLUSTER)}`, as step 2)" if options.of(CLUSTER) else ""
    return {
        "counts": f"{len(detection_rules.texts(content))} rules and {len(content.gates)} gates",
        "oldest": OLDEST,
        "index": index,
        "space": "" if options.of(SPACE) == SPACE.default else f"/s/{options.of(SPACE)}",
        "where": remote,
        "tenant": _TENANT.format(tenant=options.tenant) if options.tenant else "",
        "stream": index.split(",")[0].replace("*", "test"),
        "fields": "\n".join(_fields(content)),
        "events": "\n".join(_events(content)),
        "expected": "\n".join(_expected(content)),
        "windows": "; ".join(_windows(content)),
        "across": _ACROSS if options.of(CLUSTER) else "",
        "suppression": _UNSUPPRESSED if options.of(TIER) == "basic" else _SUPPRESSED.format(keys=keys),
        "detections": _ASKED_LONGER if options.of(TIER) != "basic" else _ASKED_SHORTLY,
        "left_out": "\n".join(listed) or "Nothing: every rule and detection is there.",
    }


def _fields(content: Content) -> Iterator[str]:
    yield "| your field | Elastic's | rules that need it |"
    yield "|---|---|---|"
    texts = detection_rules.texts(content)
    for column in content.columns:
        needing = sum(column.name in text.needs for text in texts)
        if needing:
            yield f"| `{column.name}` | `{paths.of(column.name)}` | {needing} |"


def _events(content: Content) -> Iterator[str]:
    for sample in SAMPLES:
        yield '{"create": {}}'
        event = {"event_time": "NOW", **sample.event}
        yield json.dumps(in_their_words(event, content.mapping) if content.mapping else event)


def _expected(content: Content) -> Iterator[str]:
    rules = {rule.id: rule.title for rule in content.rules}
    gates = {one.text.id: f"MCP gate: {one.text.title}" for one in content.gates}
    for sample in SAMPLES:
        named = [rules[one] for one in sample.rules if one in rules]
        named += [gates[one] for one in sample.gates if one in gates]
        if named:
            yield f"- `{sample.event['event_id']}`: {'; '.join(named)}"


def _windows(content: Content) -> Iterator[str]:
    by_minutes: dict[int, list[str]] = {}
    for one in content.gates:
        minutes = gate_rules.widest_ms(one, content.options) // MINUTE_MS
        by_minutes.setdefault(minutes, []).append(f"`{one.text.id}`")
    for minutes, names in sorted(by_minutes.items()):
        yield f"{minutes} minutes for {', '.join(names)}"
