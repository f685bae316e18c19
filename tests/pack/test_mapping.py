"""A mapping is read whole, or every complaint about it has its line; and one event is read by it."""

from pathlib import Path
from typing import Any

import pytest

from mcpsoar.core.errors import BadContent
from mcpsoar.kit.mapping import MALFORMED, FieldMapping, Source, event, spellings
from mcpsoar.pack import mapping, schema
from mcpsoar.siems import installed

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = schema.load(ROOT)
TIME = "name: g\nfields:\n  event_time: ts\n"


def read(folder: Path, text: str) -> FieldMapping:
    path = folder / "mapping.yml"
    path.write_text(text)
    return mapping.read(path, COLUMNS, installed.mapping_keys())


def test_everything_that_can_be_said_is_read(tmp_path: Path) -> None:
    said = """
name: example-gateway
sourcetype: example:gateway
dataset: example.gateway
fields:
  server_name: target.server.name
  event_time: [ts, time]
  decision: {from: outcome, values: {Permitted: allow, " blocked ": deny}}
  is_error: {from: [ok, success], values: {"false": true}}
  actor_type: {constant: agent}
  deploy_window: {constant: false}
  token_aud: {from: token.aud, split: " "}
"""
    assert read(tmp_path, said) == FieldMapping(
        name="example-gateway",
        fields={
            "event_time": Source(("ts", "time")),
            "actor_type": Source(constant="agent"),
            "server_name": Source(("target.server.name",)),
            "decision": Source(("outcome",), values=(("blocked", "deny"), ("permitted", "allow"))),
            "token_aud": Source(("token.aud",), split=" "),
            "deploy_window": Source(constant=False),
            "is_error": Source(("ok", "success"), values=(("false", "true"),)),
        },
        own={"sourcetype": "example:gateway", "dataset": "example.gateway"},
    )


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("- a", ":1: is no mapping"),
        ("name: g\nfeilds: {}", ":2: 'feilds' means nothing here; the nearest is 'fields'"),
        ("name: G\nfields: {event_time: t}", ":1: name is a word"),
        ("fields: {event_time: t}", ":1: name is a word"),
        (TIME + "dataset: a-b", ":4: dataset is Elastic's, without a hyphen"),
        (TIME + "sourcetype: 'a b'", ":4: sourcetype is Splunk's"),
        ("name: g\nfields: [a]", ":2: fields is a map"),
        ("name: g\nfields: {server_name: a}", ":2: event_time is missing"),
        (TIME + "  sever_name: a", ":4: 'sever_name' means nothing here; the nearest is 'server_name'"),
        (TIME + "  server_name: 5", ":4: is a path"),
        (TIME + "  server_name: []", ":4: is a path"),
        (TIME + "  server_name: [a, 5]", ":4: is a path"),
        (TIME + "  server_name: a..b", ":4: 'a..b': keys are of"),
        (TIME + "  server_name: 'a{}.b'", ":4: 'a{}.b': keys are of"),
        (TIME + '  server_name: [a, "b\'c"]', ':4: "b\'c": keys are of'),
        (TIME + "  server_name: a.b.c.d.e", ":4: 'a.b.c.d.e' has more than 4 keys"),
        (TIME + "  server_name: {}", ":4: has either from or constant"),
        (TIME + "  server_name: {from: a, constant: b}", ":4: has either from or constant"),
        (TIME + "  server_name: {form: a}", ":4: 'form' means nothing here; the nearest is 'from'"),
        (TIME + "  server_name: {constant: ' '}", ":4: no constant of server_name, which is text"),
        (TIME + "  server_name: {constant: a, split: ','}", ":4: a constant stands alone"),
        (TIME + "  decision: {constant: ALLOW}", ":4: no constant of decision, which is enum (allow, deny"),
        (TIME + "  is_error: {constant: 1}", ":4: no constant of is_error, which is bool"),
        (TIME + "  chain_depth: {constant: 1.5}", ":4: no constant of chain_depth, which is integer"),
        (TIME + "  latency_ms: {constant: .inf}", ":4: no constant of latency_ms, which is number"),
        (TIME + "  token_aud: {constant: a}", ":4: no constant of token_aud, which is texts"),
        (TIME + "  ingest_time: {constant: a}", ":4: no constant of ingest_time, which is time"),
        (TIME + "  server_name: {from: a, split: ','}", ":4: split is for lists"),
        (TIME + "  token_aud: {from: a, split: ', '}", ":4: split is one character"),
        (TIME + "  token_aud: {from: a, values: {a: b}}", ":4: values are for"),
        (TIME + "  decision: {from: a, values: {}}", ":4: values is a map"),
        (TIME + "  decision: {from: a, values: {yes: allow}}", ":4: True is no text; put it in quotes"),
        (TIME + "  decision: {from: a, values: {é: allow}}", ":4: 'é' is no word in ASCII"),
        (TIME + "  decision: {from: a, values: {' Null': allow}}", ":4: ' Null' is no word"),
        (
            TIME + "  decision:\n    from: a\n    values:\n      a: allow\n      A: deny",
            ":8: 'A' stands twice",
        ),
        (TIME + "  decision: {from: a, values: {a: allowed}}", ":4: 'allowed' is no value of decision"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, said: str, complaint: str) -> None:
    with pytest.raises(BadContent) as caught:
        read(tmp_path, said)
    assert complaint in str(caught.value)


def test_a_path_is_every_spelling_of_it() -> None:
    assert set(spellings("a.b.c")) == {("a", "b", "c"), ("a.b", "c"), ("a", "b.c"), ("a.b.c",)}


@pytest.mark.parametrize(
    ("source", "raw", "value"),
    [
        (Source(("a.b",)), {"a": {"b": 5}}, 5),
        (Source(("a.b",)), {"a.b": 5}, 5),
        (Source(("a.b",)), {"a.b": 5, "a": {"b": 5}}, MALFORMED),
        (Source(("a.b",)), {"a.b": None, "a": {"b": " "}}, None),
        (Source(("a.b",)), {"a.b": "\u00a0", "a": {"b": "x"}}, "x"),
        (Source(("a.b",)), {"a": [{"b": 5}]}, None),
        (Source(("a.b",)), {"a": '{"b": 5}', "b": 5}, None),
        (Source(("a", "b")), {"a": "", "b": "x"}, "x"),
        (Source(("a", "b")), {"a": 5, "b": "x"}, 5),
        (Source(constant=False), {"a": 5}, False),
        (Source(("a",), values=(("ok", "allow"),)), {"a": "\u2003OK\t"}, "allow"),
        (Source(("a",), values=(("ok", "allow"),)), {"a": "o\u212a"}, MALFORMED),
        (Source(("a",), values=(("ok", "allow"),)), {"a": "allow"}, MALFORMED),
        (Source(("a",), values=(("true", "allow"),)), {"a": True}, "allow"),
        (Source(("a",), values=(("403", "deny"),)), {"a": 403}, "deny"),
        (Source(("a",), values=(("403", "deny"),)), {"a": 403.0}, MALFORMED),
        (Source(("a",), split=" "), {"a": "r w"}, ["r", "w"]),
        (Source(("a",), split=" "), {"a": ["r w", "x"]}, ["r", "w", "x"]),
        (Source(("a",), split=" "), {"a": "r  w"}, MALFORMED),
        (Source(("a",), split=" "), {"a": []}, []),
        (Source(("a",), split=" "), {"a": ["r", 5]}, MALFORMED),
    ],
)
def test_one_event_is_read(source: Source, raw: dict[str, Any], value: Any) -> None:
    found = event(raw, FieldMapping("g", {"server_name": source}))
    assert found == ({} if value is None else {"server_name": value})
