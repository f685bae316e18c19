"""What Elastic's pages promise of query strings, as tables: a query and the documents that it finds."""

import pytest

from tests.languages.lucene import found
from tests.languages.lucene.ground import INDEX

WORDS = {
    "tool:read": "1",
    "tool:Read": "2",
    "tool:READ": "",
    "decision:allow": "1",
    "decision:ALLOW": "1",
    "tags:ops": "12",
    "tags:svc": "1",
    "depth:3": "3",
    "depth:7": "4",
    "ms:4": "3",
    "ms:1.5": "1",
    "match:true": "1",
    "match:false": "2",
    'tool:"read"': "1",
    'tool:"^a.b"': "",
    'tags:"ops"': "12",
    'ip:"10.0.0.0/8"': "12",
    'ip:"10.0.0.1/32"': "1",
    'ip:"::ffff:10.0.0.0/104"': "12",
    'ip:"2001:db8::/32"': "4",
    "tool:(read OR Read)": "12",
    "depth:(1 OR [5 TO *])": "14",
}
PATTERNS = {
    "tool:/read/": "1",
    "tool:/rea/": "",
    "tool:/[rR]ead/": "12",
    "tool:/.*/": "12356",
    "tool:/.+/": "1236",
    "tool:/ */": "5",
    r"tool:/a \"b\"\/c./": "3",
    r"tool:/.*[\"\/].*/": "3",
    r"tool:/\^a\.b\*c\$ AND/": "6",
    r"tool:/.a.b.*/": "6",
    "tool:/(read|Read)/": "12",
    "tool:/r?R?[a-e]{2}d/": "12",
    "tool:/[rR][a-e]{2}d/": "12",
    "tool:/[^r]ead/": "2",
    "tool:/[rR]e?a{1,}d{0,3}/": "12",
    "tags:/o.*|s.*/": "12",
    "tags:/o[p-s]{2}/": "12",
    r"tags:/[\-o]ps/": "12",
    "tags:/[-o]ps/": "12",
    "decision:/a.*/": "1",
}
RANGES = {
    "depth:[1 TO 3]": "13",
    "depth:{1 TO 3]": "3",
    "depth:[1 TO 3}": "1",
    "depth:{3 TO *}": "4",
    "depth:[3 TO *]": "34",
    "depth:[* TO -3]": "2",
    "depth:{* TO -3}": "",
    "depth:[-3 TO -3]": "2",
    "ms:{1.5 TO *}": "23",
    "ms:[* TO 1.5]": "1",
    "ms:[1e+0 TO 2e+0]": "1",
}
PRESENCE = {
    "_exists_:decision": "12",
    "_exists_:tags": "125",  # an empty text is there, an empty list is not
    "_exists_:tool": "12356",  # one longer than ignore_above is not
    "_exists_:@timestamp": "123456",
    "_exists_:ip": "124",
}
STRUCTURE = {
    "_exists_:@timestamp AND NOT _exists_:decision": "3456",
    "tool:read AND tags:ops": "1",
    "tool:read OR tool:Read": "12",
    "(tool:read OR tool:Read) AND NOT decision:deny": "1",
    "NOT decision:deny AND tags:ops": "1",
    "tags:ops AND NOT (tool:read OR tool:x)": "2",
    "tool:read OR (_exists_:@timestamp AND NOT _exists_:tool)": "14",
    "(tool:read AND depth:1) OR (tool:Read AND depth:1)": "1",
    "tags:ops AND NOT tags:svc": "2",
    "((tool:read))": "1",
}


@pytest.mark.parametrize(("query", "ids"), {**WORDS, **PATTERNS, **RANGES, **PRESENCE, **STRUCTURE}.items())
def test_a_query_finds_what_the_pages_say(query: str, ids: str) -> None:
    assert "".join(document["_id"] for document in found(query, INDEX)) == ids
