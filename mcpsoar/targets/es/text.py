r"""Texts and patterns as ES|QL writes them.

Reference, "Basic ES|QL syntax": a string literal knows \t \n \r \" \\ and nothing else. Page LIKE: `*`, `?`
and the backslash are taken literally behind a backslash.
"""

_STRING = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_PATTERN = str.maketrans({"\\": "\\\\", "*": "\\*", "?": "\\?"})


def quoted(text: str) -> str:
    """A string literal that is this text."""
    return f'"{text.translate(_STRING)}"'


def pattern(text: str) -> str:
    """A part of a pattern of LIKE that matches this text alone; to be quoted after."""
    return text.translate(_PATTERN)
