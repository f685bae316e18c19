"""The registry's own log: who put an entry in, and on which ticket, as an admin API writes it down."""

from mcpsoar.lab.audit import AuditLog
from mcpsoar.lab.plane import Plane
from mcpsoar.lab.records import Entry


class Registrar:
    """Puts entries into the registry and writes down who did, and on which ticket."""

    def __init__(self, plane: Plane, audit: AuditLog) -> None:
        self._plane = plane
        self._audit = audit

    def register(self, entry: Entry, *, by: str, ticket: str | None = None) -> None:
        """Add an entry, or put it in place of the one that has its name."""
        self._plane.register(entry)
        self._audit.write(
            {
                "event_kind": "registry",
                "method": "registry/register",
                "actor_id": by,
                "actor_type": "human",
                "action_class": "write",
                "decision": "ALLOW",
                "status": "ok",
                "server_name": entry.server,
                "server_fingerprint": entry.fingerprint or None,
                "registry_status": entry.status,
                "environment": entry.environment,
                "change_ticket": ticket,
            }
        )
