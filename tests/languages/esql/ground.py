"""Documents that the tables of answers are asked of."""

from collections.abc import Mapping

from tests.languages.esql.tables import Field, Index

NOW_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z

_EVENTS = Index(
    {
        "decision": Field("keyword", normalizer="lowercase"),
        "tool": Field("keyword"),
        "tags": Field("keyword"),
        "depth": Field("long"),
        "ms": Field("double"),
        "match": Field("boolean"),
        "at": Field("date"),
        "ip": Field("ip"),
        "raw": Field("flattened"),
        "user.name": Field("keyword"),
    },
    [
        {
            "_id": "1",
            "_version": 2,
            "decision": "ALLOW",
            "tool": "read",
            "tags": ["svc", "ops", "svc"],
            "depth": 1,
            "ms": 1.5,
            "match": True,
            "at": "2025-12-31T23:59:00.000Z",
            "ip": "10.0.0.1",
            "raw": {"any": 1},
            "user": {"name": "ada"},
        },
        {
            "_id": "2",
            "decision": "deny",
            "tool": "Read",
            "tags": ["ops", None],
            "depth": 3,
            "ms": 2.5,
            "match": False,
            "at": "2026-01-01T00:00:00Z",
            "ip": "192.0.2.7",
            "user.name": "bob",
        },
        {"_id": "3", "decision": None, "tool": "write", "tags": [], "depth": 3, "ms": 4},
        {"_id": "4", "_index": ".ds-events-1", "tool": "a*b", "depth": [5, 7], "unmapped": "seen by nobody"},
    ],
)
_OWNERS = Index(
    {"tool": Field("keyword"), "owner": Field("keyword"), "depth": Field("long")},
    [
        {"tool": "read", "owner": "data", "depth": 9},
        {"tool": "read", "owner": "files", "depth": 8},
        {"tool": ["write", "Read"], "owner": "nobody"},
        {"owner": "keyless"},
    ],
    lookup=True,
)
_MANY = Index({"n": Field("long")}, [{"n": n} for n in range(10_500)])

# one field, mapped three ways
_ONE_FIELD = {
    "plain": Index({"f": Field("keyword")}, [{"_id": "p", "f": "A"}]),
    "normal": Index({"f": Field("keyword", normalizer="lowercase")}, [{"_id": "n", "f": "A"}]),
    "roles": Index({"f": Field("keyword", normalizer="lowercase")}, [{"f": "A"}], lookup=True),
    "other": Index({"f": Field("long")}, [{"_id": "o", "f": 1}]),
}

INDICES: Mapping[str, Index] = {"events": _EVENTS, "owners": _OWNERS, "many": _MANY, **_ONE_FIELD}
