"""The README of the pack."""

from mcpsoar.siems.asked import Content

LICENCE = "Apache License, Version 2.0: https://www.apache.org/licenses/LICENSE-2.0\n"


def written(content: Content) -> str:
    """Markdown."""
    return f"# MCP detection and gates for Splunk\n\n{len(content.rules)} rules\n"
