"""A scan as a SARIF 2.1.0 log (OASIS, errata 01): one result for each event in evidence."""

from collections.abc import Iterator, Sequence

from mcpsoar.app import sarif
from mcpsoar.app.scanning import Claim, Scanned, doubts
from mcpsoar.core.digest import Facts, digest
from mcpsoar.core.finding import Hit
from mcpsoar.kit.clock import stamp_ms


def document(scanned: Scanned) -> Facts:
    """One run, whose artifacts are the logs.

    Which of several logs an event stood in is not known: then the first stands as its place, the others are
    related, and the message says so.
    """
    index = {claim.finding.rule: at for at, claim in enumerate(scanned.claims)}
    uris = [sarif.uri(log) for log in scanned.look.logs]
    run = {
        "artifacts": [{"location": {"uri": uri}} for uri in uris],
        "invocations": [invocation(scanned)],
        "results": [
            result for claim in scanned.found for result in _results(claim, index[claim.finding.rule], uris)
        ],
    }
    return sarif.document([claim.text for claim in scanned.claims], run)


def invocation(scanned: Scanned) -> Facts:
    """How it went: what makes that no answer is a notification, as is a rule that could not be asked."""
    intake = scanned.look.intake
    told = list(doubts(scanned.look))
    if intake.events and not scanned.asked and not scanned.failed:
        told.append("no rule could be asked of the logs")
    is_whole = intake.events and scanned.asked and not intake.cut and not scanned.failed
    return {
        "executionSuccessful": bool(is_whole),
        "toolExecutionNotifications": [
            *(sarif.notification(sarif.plain(why), level="error") for why in told),
            *(sarif.failed(one.finding) for one in scanned.failed),
        ],
        "toolConfigurationNotifications": [sarif.unasked(one.finding) for one in scanned.unasked],
    }


def _results(claim: Claim, index: int, uris: Sequence[str]) -> Iterator[Facts]:
    """A result an event in evidence."""
    finding = claim.finding
    among = f" in one of {len(uris)} logs" if len(uris) > 1 else ""
    for hit in finding.hits:
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
                "withoutId": finding.unnamed,
                "eventId": hit.event_id,
                "at": stamp_ms(hit.at_ms),
                "server": hit.server,
                "subject": hit.subject,
            },
        }


def _said(claim: Claim, hit: Hit) -> str:
    title = claim.finding.title
    event = "an event without an id" if hit.event_id is None else f"event {hit.event_id}"
    named = "".join(f", {name}" for name in dict.fromkeys((hit.server, hit.subject)) if name)
    return sarif.plain(f"{title}: {event} at {stamp_ms(hit.at_ms)}{named}")


def _location(uri: str, index: int) -> Facts:
    return {"physicalLocation": {"artifactLocation": {"uri": uri, "index": index}}}


def _fingerprint(rule: str, hit: Hit) -> str:
    named = [] if hit.event_id is not None else [hit.server, hit.subject]
    return digest([rule, hit.event_id, hit.at_ms, *named])
