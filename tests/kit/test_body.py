"""Forms and files, read back by readers that are not ours."""

from email import message_from_bytes
from email.policy import HTTP
from urllib.parse import parse_qsl

import pytest

from mcpsoar.kit.body import form, upload


def test_a_form_keeps_what_a_search_is_written_with() -> None:
    fields = {"name": "a & b", "search": 'x="1+1" | where y=%2F\n| stats count'}
    assert dict(parse_qsl(form(fields).content.decode(), strict_parsing=True)) == fields


@pytest.mark.parametrize("content", [b"", b'{"a":1}\n', b"--\r\n\r\n--\x00", bytes(range(256))])
def test_a_file_arrives_as_it_was(content: bytes) -> None:
    body = upload("objects.ndjson", content)
    raw = b"Content-Type: " + body.media.encode() + b"\r\n\r\n" + body.content
    (part,) = message_from_bytes(raw, policy=HTTP).iter_parts()
    head, _, tail = body.content.partition(b"\r\n\r\n")
    mark = body.media.partition("boundary=")[2].encode()
    assert tail == content + b"\r\n--" + mark + b"--\r\n"
    assert mark not in content
    assert (part.get_param("name", header="content-disposition"), part.get_filename()) == (
        "file",
        "objects.ndjson",
    )
    assert b"octet-stream" in head
    assert upload("objects.ndjson", content) == body
