"""The error tree: an error's type says what the caller must do, not where it happened.

Every message is one line for a person. `where` is `file:line` or a host; `next_command` is ready to paste.
None of them may carry a secret: a message is printed, journalled and paged.
"""


class Trouble(Exception):
    """Root of everything this project raises on purpose."""

    def __init__(self, message: str, *, where: str | None = None, next_command: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.next_command = next_command

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class Usage(Trouble):
    """A wrong option, setting or file: nothing was attempted (exit 2)."""


class BadContent(Usage):
    """A rule, gate, playbook or case that cannot be used; `where` is its file:line."""


class Unreachable(Trouble):
    """The request was not processed: repeating it is safe. `retry_after_s` when the other side named one."""

    def __init__(self, message: str, *, where: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message, where=where)
        self.retry_after_s = retry_after_s


class Indeterminate(Trouble):
    """The request left and no trustworthy answer came: look before repeating."""


class Denied(Trouble):
    """The other side refused, and says so every time: a person must act."""


class UnknownTarget(Denied):
    """The other side does not know what is to be changed: nothing is sent. Absent is not contained."""


class Conflict(Trouble):
    """State moved under us: look again, then decide."""


class Malformed(Trouble):
    """The answer is not of the documented shape: it proves nothing either way."""


class Unsupported(Trouble):
    """Asked for what this plug-in, dialect or control plane cannot say or do."""


class Unwritable(Trouble):
    """The journal cannot be made durable, so nothing may be changed."""


class Tampered(Trouble):
    """A journal that is not what was written."""


class Held(Trouble):
    """Another live run holds this server; `run` is unknown where its lock was not signed."""

    def __init__(self, message: str, *, by: str, run: str, since: str) -> None:
        shown = "list" if run == "unknown" else f"show {run}"
        super().__init__(message, next_command=f"mcpsoar runs {shown}")
        self.by = by
        self.run = run
        self.since = since
