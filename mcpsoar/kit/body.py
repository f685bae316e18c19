"""What a request carries where it is no JSON: a form, or one file."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Body:
    content: bytes
    media: str


def form(fields: Mapping[str, str]) -> Body:
    """Fields as a browser's form has them."""
    return Body(urlencode(fields).encode(), "application/x-www-form-urlencoded")


def upload(name: str, content: bytes) -> Body:
    """One file in the field `file` (RFC 7578). The same content gives the same bytes."""
    # nobody can know the digest of a text and write it inside that text
    boundary = hashlib.sha256(content).hexdigest()[:48]
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    tail = f"\r\n--{boundary}--\r\n"
    return Body(head.encode() + content + tail.encode(), f"multipart/form-data; boundary={boundary}")
