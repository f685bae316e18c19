"""The audit log: one whole line each, whatever the facts hold."""

import json
from pathlib import Path

from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.audit import AuditLog


def test_hostile_text_stays_inside_its_line(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.ndjson", SystemClock())
    name = 'x"\n{"decision":"ALLOW"}\u2028\u202e\x1b[2J' + "y" * 5000
    log.write({"server_name": name, "decision": "DENY", "tool_name": None})
    data = log.path.read_bytes()  # before close: it is there when write returns
    log.close()
    assert data.count(b"\n") == 1
    assert data.isascii()
    event = json.loads(data)
    assert event["decision"] == "DENY"
    assert event["server_name"] == name[:1024]
    assert "tool_name" not in event


def test_a_torn_line_of_a_killed_lab_stays_one_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.ndjson"
    path.write_bytes(b'{"a":1}\n{"event_')
    for number in range(2):
        log = AuditLog(path, SystemClock())
        log.write({"chain_depth": number})
        log.close()
    lines = path.read_bytes().splitlines()
    assert lines[:2] == [b'{"a":1}', b'{"event_']
    assert [json.loads(line)["chain_depth"] for line in lines[2:]] == [0, 1]
