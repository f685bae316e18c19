"""Documents that the tables of answers are asked of."""

from tests.languages.lucene import Field, Index

INDEX = Index(
    {
        "@timestamp": Field("date"),
        "decision": Field("keyword", normalizer="lowercase"),
        "tool": Field("keyword", ignore_above=20),
        "tags": Field("keyword"),
        "depth": Field("long"),
        "ms": Field("double"),
        "match": Field("boolean"),
        "ip": Field("ip"),
    },
    [
        {
            "_id": "1",
            "@timestamp": "2026-01-01T00:00:00Z",
            "decision": "ALLOW",
            "tool": "read",
            "tags": ["svc", "ops"],
            "depth": 1,
            "ms": 1.5,
            "match": True,
            "ip": "10.0.0.1",
        },
        {
            "_id": "2",
            "@timestamp": 0,
            "decision": "deny",
            "tool": "Read",
            "tags": ["ops", None],
            "depth": -3,
            "ms": 2.5,
            "match": False,
            "ip": "::ffff:10.0.0.2",
        },
        {"_id": "3", "@timestamp": 0, "decision": None, "tool": 'a "b"/c\n', "tags": [], "depth": 3, "ms": 4},
        {"_id": "4", "@timestamp": 0, "tool": "x" * 21, "depth": [5, 7], "ip": "2001:db8::1"},
        {"_id": "5", "@timestamp": 0, "tool": "", "tags": ""},
        {"_id": "6", "@timestamp": 0, "tool": "^a.b*c$ AND"},
    ],
)
