"""HTTP to an engine that was started on this machine."""

import http.client
import json
from typing import Any

_ANSWER_S = 120


def sent(port: int, method: str, path: str, body: str | None, kind: str) -> Any:
    """The answer's JSON. Raises RuntimeError, with the answer, for a status of 400 and above."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_S)
    try:
        data = body.encode() if body is not None else None
        connection.request(method, path, data, {"Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    if answer.status >= 400:
        raise RuntimeError(f"{method} {path}: {answer.status}: {text[:4000]}")
    return json.loads(text)
