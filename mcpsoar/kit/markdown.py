"""Somebody else's text in a Markdown page: shown as it is, and obeyed by nobody."""

from mcpsoar.kit.plain import escaped, shown

# a code span takes no markup, link or mention; these would end it, or a table's cell, or mean HTML to a
# converter that is not as careful as CommonMark
_SPECIAL = "`|<>&"
_LIMIT = 400


def code(text: str) -> str:
    """One code span on one line; what is absurdly long is cut."""
    cut = shown(text[:_LIMIT]) + ("…" if len(text) > _LIMIT else "")
    plain = "".join(escaped(char) if char in _SPECIAL else char for char in cut).strip()
    return f"`{plain}`" if plain else "(empty)"
