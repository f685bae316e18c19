"""Who an app says it is: app.conf, app.manifest and the permissions of what is in it."""

import json
from dataclasses import dataclass

import mcpsoar
from mcpsoar.siems.in_splunk import conf

_SCHEMA = "2.0.0"
_META = """\
[]
access = read : [ * ], write : [ admin, sc_admin ]
export = system
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """`id` is the app's folder."""

    id: str
    label: str
    description: str
    is_visible: bool
    workloads: tuple[str, ...] = ("_search_heads",)


def files(identity: Identity) -> dict[str, bytes]:
    """By path inside the app's folder."""
    return {
        "default/app.conf": conf.written(_app(identity)),
        "app.manifest": _manifest(identity),
        "metadata/default.meta": _META.encode(),
    }


def _app(identity: Identity) -> dict[str, conf.Stanza]:
    version = mcpsoar.__version__
    shown = {"is_visible": str(int(identity.is_visible)), "label": identity.label}
    return {
        "install": {"is_configured": "0", "state": "enabled"},
        "launcher": {"author": "mcpsoar", "description": identity.description, "version": version},
        "package": {"check_for_updates": "0", "id": identity.id},
        "id": {"name": identity.id, "version": version},
        "ui": shown,
    }


def _manifest(identity: Identity) -> bytes:
    info = {
        "title": identity.label,
        "id": {"group": None, "name": identity.id, "version": mcpsoar.__version__},
        "author": [{"name": "mcpsoar", "email": None, "company": None}],
        "description": identity.description,
        "license": {"name": "Apache-2.0", "text": "LICENSE", "uri": None},
    }
    said = {"schemaVersion": _SCHEMA, "info": info, "targetWorkloads": identity.workloads}
    return (json.dumps(said, indent=2) + "\n").encode()
