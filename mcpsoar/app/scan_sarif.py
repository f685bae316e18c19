"""A scan as a SARIF 2.1.0 log (OASIS, errata 01): one result for each event in evidence.

Section numbers are those of https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import mcpsoar
from mcpsoar.app.scanning import Claim, Scanned
from mcpsoar.core.digest import Facts, digest
from mcpsoar.core.finding import Hit
from mcpsoar.kit.clock import stamp_ms
from mcpsoar.kit.plain import escaped, is_hidden

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "informational": "note"}
# what GitHub's code scanning sorts by: over 9.0 is critical, from 7.0 high, from 4.0 medium
_SEVERITIES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.5", "informational": "0.0"}
_LONGEST = 500


def document(scanned: Scanned) -> Facts:
    """One run, whose artifacts are the logs. A rule that could not be asked is a notification, as is a log
    that broke off.

    Which of several logs an event stood in is not known: then the first stands as its place, the others are
    related, and the message says so.
    """
    claims = (*scanned.found, *scanned.silent, *scanned.unasked)
    index = {claim.finding.rule: at for at, claim in enumerate(claims)}
    uris = [_uri(log) for log in scanned.look.logs]
    intake = scanned.look.intake
    broken = [_notification(f"{_plain(log)} broke off", level="error") for log in intake.cut]
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "mcpsoar",
                        "version": mcpsoar.__version__,
                        "rules": [_rule(claim) for claim in claims],
                    }
                },
                "artifacts": [{"location": {"uri": uri}} for uri in uris],
                "invocations": [
                    {
                        "executionSuccessful": bool(intake.events and scanned.asked and not intake.cut),
                        "toolExecutionNotifications": broken,
                        "toolConfigurationNotifications": [_unasked(one) for one in scanned.unasked],
                    }
                ],
                "results": [
                    result
                    for claim in scanned.found
                    for result in _results(claim, index[claim.finding.rule], uris)
                ],
                "columnKind": "unicodeCodePoints",
            }
        ],
    }


def _rule(claim: Claim) -> Facts:
    text = claim.text
    help_ = [f"{text.title}. Risk: {text.risk}."]
    help_ += [f"False alarm: {one}." for one in text.false_alarms]
    help_ += [f"Needs the columns {', '.join(text.needs)}."] if text.needs else []
    help_ += [f"Answered by the playbook {text.playbook}."] if text.playbook else []
    return {
        "id": text.id,
        "guid": text.uuid,
        "name": "".join(word.capitalize() for word in text.id.split("_")),
        "shortDescription": {"text": _plain(text.title)},
        "help": {"text": _plain(" ".join(help_), longest=4 * _LONGEST)},
        "defaultConfiguration": {"level": _LEVELS[text.level]},
        "properties": {
            "tags": ["security", *text.tags],
            "security-severity": _SEVERITIES[text.level],
            "risk": text.risk,
        },
    }


def _results(claim: Claim, index: int, uris: Sequence[str]) -> Iterator[Facts]:
    """A result an event; one for all of them where none has an id."""
    finding = claim.finding
    among = f" in one of {len(uris)} logs" if len(uris) > 1 else ""
    for hit in finding.hits or (None,):
        said = _said(claim, hit) + among
        yield {
            "ruleId": finding.rule,
            "ruleIndex": index,
            "level": _LEVELS[finding.level],
            "message": {"text": said},
            "locations": [_location(uris[0], 0)],
            "relatedLocations": [_location(uri, at) for at, uri in enumerate(uris[1:], 1)],
            "partialFingerprints": {"ruleAndEvent/v1": _fingerprint(finding.rule, hit)},
            "properties": {
                "count": finding.count,
                "eventId": hit.event_id if hit else None,
                "at": stamp_ms(hit.at_ms) if hit else None,
                "server": hit.server if hit else None,
                "subject": hit.subject if hit else None,
            },
        }


def _said(claim: Claim, hit: Hit | None) -> str:
    title = claim.finding.title
    if hit is None:
        return _plain(f"{title}: {claim.finding.count} events without an id")
    named = "".join(f", {name}" for name in dict.fromkeys((hit.server, hit.subject)) if name)
    return _plain(f"{title}: event {hit.event_id} at {stamp_ms(hit.at_ms)}{named}")


def _unasked(claim: Claim) -> Facts:
    said = f"{claim.finding.rule} could not be asked: no event has {', '.join(claim.finding.lacks)}"
    return {**_notification(said, level="warning"), "associatedRule": {"id": claim.finding.rule}}


def _notification(text: str, *, level: str) -> Facts:
    return {"level": level, "message": {"text": text}}


def _location(uri: str, index: int) -> Facts:
    return {"physicalLocation": {"artifactLocation": {"uri": uri, "index": index}}}


def _fingerprint(rule: str, hit: Hit | None) -> str:
    return digest([rule, hit.event_id if hit else None, hit.at_ms if hit else None])


def _uri(log: str) -> str:
    """A relative reference where the path is one (§3.4.3): a report reads the same on two machines."""
    path = Path(log)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _plain(text: str, *, longest: int = _LONGEST) -> str:
    """Text without what hides, and whose brackets make no link (§3.11.6)."""
    shown = "".join(escaped(char) if is_hidden(char) else char for char in text[:longest])
    return shown.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
