"""A program, `upstream_server.py PORT RUNS`: one small MCP server, which every path reaches.

Each execution of a tool appends a line to RUNS: `began TOOL NOTE`, `done TOOL NOTE`.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations
from starlette.types import ASGIApp, Receive, Scope, Send

SLOW_S = 25.0  # longer than a switch takes on a busy machine


def server(runs: Path, **options: Any) -> MCPServer:
    """Read, write, and a write that takes its time: each returns the note that it was given."""
    mcp = MCPServer("ground", version="1.0.0", log_level="ERROR", **options)

    def record(word: str, tool: str, note: str) -> None:
        with runs.open("a") as lines:
            lines.write(f"{word} {tool} {note}\n")

    @mcp.tool(annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True))
    async def read_record(note: str) -> str:
        """Reads one record."""
        record("done", "read_record", note)
        return note

    @mcp.tool(annotations=ToolAnnotations(destructive_hint=True))
    async def write_record(note: str) -> str:
        """Writes one record."""
        record("done", "write_record", note)
        return note

    @mcp.tool()
    async def write_slowly(note: str) -> str:
        """Writes one record, after a while."""
        record("began", "write_slowly", note)
        await asyncio.sleep(SLOW_S)
        record("done", "write_slowly", note)
        return note

    return mcp


def any_path(app: ASGIApp) -> ASGIApp:
    """Many addresses for one server: registries refuse one address twice."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "path": "/mcp", "raw_path": b"/mcp"}
        await app(scope, receive, send)

    return call


def serve(mcp: MCPServer, port: int) -> None:
    """Answer on loopback until the process is ended; one POST is a whole call."""
    app = mcp.streamable_http_app(stateless_http=True, json_response=True)
    uvicorn.run(any_path(app), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    serve(server(Path(sys.argv[2])), int(sys.argv[1]))
