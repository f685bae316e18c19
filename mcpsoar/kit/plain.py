"""Characters that a reader cannot see, or that a terminal obeys: control, bidirectional, zero-width, tags."""

import unicodedata

_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}


def is_hidden(char: str) -> bool:
    return unicodedata.category(char) in _HIDDEN


def escaped(char: str) -> str:
    r"""One character by its number: \x1b, \u202e, \U000e0041."""
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shown(text: str) -> str:
    """The text with every hidden character escaped."""
    return "".join(escaped(char) if is_hidden(char) else char for char in text)


def quoted(text: str, parting: str) -> str:
    """The text in quotes where it holds one of these characters, or a quote: in a line it stays one text."""
    if not set(text) & {*parting, '"'}:
        return text
    return '"' + text.replace('"', escaped('"')) + '"'


def hidden_in(text: str) -> str | None:
    """The first hidden character, escaped; None when every character shows."""
    return next((escaped(char) for char in text if is_hidden(char)), None)
