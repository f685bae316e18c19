"""From a server's reply to what the client gets: the output stage and its facts."""

from dataclasses import dataclass

from starlette.responses import Response

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Malformed
from mcpsoar.kit import strictjson
from mcpsoar.lab import speech
from mcpsoar.lab.classifier import Finding, Result, classify, withheld
from mcpsoar.lab.policy import Weakness
from mcpsoar.lab.upstream import Reply

_PASSED = frozenset({"mcp-session-id", "cache-control", "allow"})


@dataclass(frozen=True, slots=True)
class Screened:
    """`facts` are columns of `mcp_audit`; delivered means that the client reads the server's own words."""

    response: Response
    facts: Facts
    is_delivered: bool


def screen(reply: Reply, span: str | None, weak: frozenset[Weakness] = frozenset()) -> Screened:
    """Classify a reply and let through what may pass, marked with the call's span.

    What cannot be read as one plain JSON-RPC answer cannot be classified, and is withheld.
    """
    try:
        said = strictjson.parse(reply.body)
    except Malformed:
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("result", said.get("error")), dict):
        return _unreadable(reply)
    part = "result" if "result" in said else "error"
    finding = _found(said[part], weak)
    is_withheld = finding is not None and finding.result in (Result.QUARANTINE, Result.ERROR)
    if finding is None:
        inner = said[part]
    else:
        inner = _blank(said, part, finding.labels) if is_withheld else finding.output
    if part == "result" and span:
        inner = {**inner, "_meta": {**(inner.get("_meta") or {}), speech.SPAN: span}}
    body = speech.encoded({**said, part: inner})
    has_failed = part == "error"
    return Screened(
        Response(body, reply.status, _headers(reply), media_type="application/json"),
        {
            "classifier_result": finding.result.value if finding else None,
            "classifier_labels": list(finding.labels) if finding else None,
            "status": "error" if has_failed else "ok",
            "error_code": str(said["error"].get("code")) if has_failed else None,
            "is_error": None if has_failed else said["result"].get("isError") is True,
            "bytes_out": len(reply.body) if is_withheld else len(body),
        },
        is_delivered=not is_withheld,
    )


def _found(value: Json, weak: frozenset[Weakness]) -> Finding | None:
    """What the classifier says; None where nobody asks it."""
    if Weakness.SCANNING in weak:
        return None
    finding = classify(value)
    return Finding(Result.CLEAN, finding.labels, value) if Weakness.VERDICTS in weak else finding


def passed(reply: Reply) -> Response:
    """A reply as it is."""
    kind = reply.headers.get("content-type")
    return Response(reply.body, reply.status, _headers(reply), media_type=kind)


def _blank(said: Facts, part: str, labels: tuple[str, ...]) -> dict[str, Json]:
    """The frame of an answer without its words."""
    text = withheld(labels)
    if part == "error":
        return {"code": said["error"].get("code"), "message": text}
    result = said["result"]
    kept = {"resultType": result["resultType"]} if "resultType" in result else {}
    # without the structure that its schema promises, an answer passes a client's check only as an error
    is_error = result.get("isError") is True or "structuredContent" in result
    return {**kept, "content": [{"type": "text", "text": text}], "isError": is_error}


def _unreadable(reply: Reply) -> Screened:
    response = speech.error(speech.FAILED, "the server's answer cannot be read", None, status=502)
    facts: Facts = {
        "classifier_result": Result.ERROR.value,
        "status": "error",
        "error_code": str(speech.FAILED),
        "bytes_out": len(reply.body),
    }
    return Screened(response, facts, is_delivered=False)


def _headers(reply: Reply) -> dict[str, str]:
    return {name: value for name, value in reply.headers.items() if name in _PASSED}
