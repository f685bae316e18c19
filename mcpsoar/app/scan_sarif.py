"""A scan as a SARIF 2.1.0 log (OASIS, errata 01): one result for each event in evidence."""

from collections.abc import Iterator, Sequence

from mcpsoar.app import sarif
from mcpsoar.app.scanning import Claim, Scanned
from mcpsoar.core.digest import Facts, digest
from mcpsoar.core.finding import Hit
from mcpsoar.kit.clock import stamp_ms


def document(scanned: Scanned) -> Facts:
    """One run, whose artifacts are the logs. A rule that could not be asked is a notification, as is a log
    that broke off.

    Which of several logs an event stood in is not known: then the first stands as its place, the others are
    related, and the message says so.
    """
    claims = (*scanned.found, *scanned.silent, *scanned.unasked)
    index = {claim.finding.rule: at for at, claim in enumerate(claims)}
    uris = [sarif.uri(log) for log in scanned.look.logs]
    intake = scanned.look.intake
    broken = [sarif.notification(f"{sarif.plain(log)} broke off", level="error") for log in intake.cut]
    run = {
        "artifacts": [{"location": {"uri": uri}} for uri in uris],
        "invocations": [
            {
                "executionSuccessful": bool(intake.events and scanned.asked and not intake.cut),
                "toolExecutionNotifications": broken,
                "toolConfigurationNotifications": [_unasked(one) for one in scanned.unasked],
            }
        ],
        "results": [
            result for claim in scanned.found for result in _results(claim, index[claim.finding.rule], uris)
        ],
    }
    return sarif.document([claim.text for claim in claims], run)


def _results(claim: Claim, index: int, uris: Sequence[str]) -> Iterator[Facts]:
    """A result an event; one for all of them where none has an id."""
    finding = claim.finding
    among = f" in one of {len(uris)} logs" if len(uris) > 1 else ""
    for hit in finding.hits or (None,):
        said = _said(claim, hit) + among
        yield {
            "ruleId": finding.rule,
            "ruleIndex": index,
            "level": sarif.LEVELS[finding.level],
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
        return sarif.plain(f"{title}: {claim.finding.count} events without an id")
    named = "".join(f", {name}" for name in dict.fromkeys((hit.server, hit.subject)) if name)
    return sarif.plain(f"{title}: event {hit.event_id} at {stamp_ms(hit.at_ms)}{named}")


def _unasked(claim: Claim) -> Facts:
    said = f"{claim.finding.rule} could not be asked: no event has {', '.join(claim.finding.lacks)}"
    return {**sarif.notification(said, level="warning"), "associatedRule": {"id": claim.finding.rule}}


def _location(uri: str, index: int) -> Facts:
    return {"physicalLocation": {"artifactLocation": {"uri": uri, "index": index}}}


def _fingerprint(rule: str, hit: Hit | None) -> str:
    return digest([rule, hit.event_id if hit else None, hit.at_ms if hit else None])
