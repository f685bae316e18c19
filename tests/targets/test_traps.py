"""Every trap of conversions that is known, by where it was told of, and the test that shows it.

Each row takes one repair out, mostly by putting the stock back end's own way in its place, and runs a test of
this suite: that holds with the repair and fails without it. Traps of schedules, windows and imports have
their tests where packs are built.
"""

from functools import partial

import pytest
from sigma.types import SigmaFieldReference, SigmaRegularExpression, SigmaTimestampPart

from mcpsoar.targets.es.absence import BlankIsAbsent
from mcpsoar.targets.es.backend import Esql
from mcpsoar.targets.es.lucene import backend as query_strings
from mcpsoar.targets.es.lucene import clauses, regexp, text
from mcpsoar.targets.es.lucene.backend import Lucene
from mcpsoar.targets.rule.pipeline import AsStored
from mcpsoar.targets.spl.backend import Spl
from mcpsoar.targets.spl.expression import Conditions
from mcpsoar.targets.spl.text import Said
from tests.targets import test_conversion as conversion
from tests.targets.es import test_traps as es
from tests.targets.lucene import test_traps as lc
from tests.targets.traps import (
    Trap,
    in_esql,
    in_lucene,
    in_search,
    in_spl,
    is_missed,
    is_refused,
    listed_in_esql,
    listed_in_lucene,
    no_fields,
    put,
    stock,
    unrefused,
)

_UNSTORED = put(AsStored, "apply_detection_item", lambda *_: None)
_ALONE = put(clauses, "both", lambda parts: clauses._joined(list(parts), "AND"))
_AS_IT_IS = put(regexp, "of", lambda value: value.regexp.original)

MATRIX = [  # field notes 1.1, and what of the list of traps is about the same
    Trap("null: ''", _UNSTORED, in_spl({"tool_name": ""})),
    Trap(
        "null: ''",
        _UNSTORED,
        in_lucene({"tool_name": ""}, ["x", None], [1]),
    ),
    Trap(
        "null: ''",
        _UNSTORED,
        in_esql({"tool_name": ""}, ["x", None], [1]),
    ),
    Trap(
        "null: blank",
        put(BlankIsAbsent, "_joined", lambda _self, _field, said, _more: said),
        es.test_a_blank_that_nobody_took_out_is_absent_all_the_same,
    ),
    Trap(
        "null: blank",
        stock("lucene", "convert_condition_field_exists"),
        lc.test_a_blank_that_nobody_took_out_is_absent_all_the_same,
    ),
    Trap(
        "null in a list of values",
        stock("lucene", "convert_condition_or"),
        in_lucene({"tool_name": ["x", None]}, ["x", "y", None], [0, 2]),
    ),
    Trap("fieldref", in_search, in_spl({"tool_name|fieldref": "server_name"})),
    Trap(
        "fieldref under OR",
        in_search,
        in_spl({"tool_name|fieldref": "server_name"}, {"chain_depth": 7}, condition="s0 or s1"),
    ),
    Trap("fieldref startswith", in_search, in_spl({"tool_name|fieldref|startswith": "server_name"})),
    Trap(
        "fieldref",
        unrefused("esql", SigmaFieldReference),
        is_refused("esql", {"tool_name|fieldref": "server_name"}, "fieldref"),
    ),
    Trap(
        "fieldref",
        unrefused("lucene", SigmaFieldReference),
        is_refused("lucene", {"tool_name|fieldref": "server_name"}, "derived column"),
    ),
    Trap("cased", in_search, in_spl({"tool_name|cased": "Fetch"})),
    Trap(
        "cased",
        stock("esql", "case_sensitive_match_expression"),
        in_esql({"tool_name|cased": "Fetch"}, ["fetch", "Fetch"], [1]),
    ),
    Trap(
        "cased with a wildcard",
        stock("esql", "convert_condition_field_eq_val_str_case_sensitive"),
        in_esql({"tool_name|cased": "a*B"}, ["axB", "axb"], [0]),
    ),
    Trap(
        "cased",
        stock("lucene", "convert_condition_field_eq_val_str_case_sensitive"),
        in_lucene({"tool_name|cased": "Fetch"}, ["fetch", "Fetch"], [1]),
    ),
    Trap("re", in_search, in_spl({"tool_name|re": "^a.b$"})),
    Trap(
        "re under OR",
        in_search,
        in_spl({"tool_name|re": "^x"}, {"server_name": "fetch"}, condition="s0 or s1"),
    ),
    Trap(
        "re",
        unrefused("esql", SigmaRegularExpression),
        is_refused("esql", {"tool_name|re": "x.*"}, "anchored"),
    ),
    Trap("keywords", unrefused("splunk", "keyword"), is_refused("splunk", ["keyword"], "name the column")),
    Trap("keywords", unrefused("esql", "keyword"), is_refused("esql", ["keyword"], "name the column")),
    Trap("keywords", unrefused("lucene", "keyword"), is_refused("lucene", ["keyword"], "name the column")),
    Trap("cidr", in_search, in_spl({"tool_name|cidr": "10.0.0.0/8"})),
    Trap("a text like a network", in_search, in_spl({"tool_name": "10.0.0.0/8"})),
    Trap(
        "cidr",
        stock("esql", "convert_condition_field_eq_val_cidr"),
        partial(lc.test_a_network_is_asked_of_the_address_and_not_of_the_text, es.found),
    ),
    Trap(
        "cidr",
        stock("lucene", "convert_condition_field_eq_val_cidr"),
        partial(lc.test_a_network_is_asked_of_the_address_and_not_of_the_text, lc.found),
    ),
    Trap(
        "cidr of another field",
        unrefused("lucene", "network"),
        is_refused("lucene", {"server_name|cidr": "10.0.0.0/8"}, "addresses"),
    ),
    Trap("? is widened", in_search, in_spl({"tool_name": "a?b"})),
    Trap("an escaped wildcard", in_search, in_spl({"tool_name": "a\\*b"})),
    Trap(
        "an escaped wildcard",
        stock("esql", "convert_value_str"),
        in_esql({"tool_name": "a\\*b"}, ["a*b", "axb"], [0]),
    ),
    Trap(
        "an escaped wildcard",
        put(text, "member", lambda one: one),
        in_lucene({"tool_name": "a\\*b"}, ["a*b", "axb"], [0]),
    ),
    Trap(
        "numbers are no texts",
        stock("esql", "decide_convert_condition_as_in_expression"),
        partial(es.found, {"a": {"chain_depth": [7, 9]}, "condition": "a"}, [{"chain_depth": 7}], es.COLUMNS),
    ),
    Trap(
        "a minus is an operator",
        put(query_strings, "_number", lambda value: str(value.number)),
        partial(lc.test_a_number_is_one_even_below_zero, {"chain_depth": -3}, [0]),
    ),
    Trap(
        "a minus is an operator",
        stock("lucene", "convert_condition_field_compare_op_val"),
        partial(lc.test_a_number_is_one_even_below_zero, {"chain_depth|gt": -3}, [1, 2]),
    ),
    Trap(
        "parts of a time",
        unrefused("splunk", SigmaTimestampPart),
        is_refused("splunk", {"event_time|hour": 3}, "parts of a time"),
    ),
    Trap(
        "parts of a time",
        unrefused("lucene", SigmaTimestampPart),
        is_refused("lucene", {"event_time|hour": 3}, "parts of a time"),
    ),
    Trap(
        "expand",
        unrefused("splunk", "placeholder", "_unsaid"),
        is_refused("splunk", {"tool_name|expand": "%x%"}, "no list to expand"),
    ),
    Trap(
        "expand",
        unrefused("esql", "placeholder"),
        is_refused("esql", {"tool_name|expand": "%x%"}, "no list to expand"),
    ),
    Trap(
        "expand",
        unrefused("lucene", "placeholder"),
        is_refused("lucene", {"tool_name|expand": "%x%"}, "no list to expand"),
    ),
]
MEANING = [  # field notes 1.2
    Trap(
        "1: null under NOT",
        stock("esql", "convert_condition_not"),
        in_esql({"tool_name": "x"}, ["x", "y", None], [1, 2], "not a"),
    ),
    Trap(
        "1: NOT alone",
        _ALONE,
        in_lucene({"tool_name": "x"}, ["x", "y", None], [1, 2], "not a"),
    ),
    Trap(
        "1: OR beside NOT",
        stock("lucene", "convert_condition_or"),
        partial(lc.test_a_not_is_what_the_rule_means_wherever_it_stands, "a or not b", [0, 2, 3]),
    ),
    Trap(
        "1: NOT beside NOT",
        _ALONE,
        partial(lc.test_a_not_is_what_the_rule_means_wherever_it_stands, "not a and not b", [3]),
    ),
    Trap(
        "1: NOT in where",
        put(Conditions, "untrue", lambda self, node: Said(f"NOT {self.true(node).text}")),
        in_spl({"tool_name|cased": "Fetch"}, condition="not s0"),
    ),
    Trap(
        "2: case of ==",
        stock("esql", "eq_expression"),
        in_esql({"tool_name": "Fetch"}, ["fetch", "FETCH", "x"], [0, 1]),
    ),
    Trap(
        "2: case of IN",
        stock("esql", "field_in_list_expression"),
        in_esql({"tool_name": ["A", "b"]}, ["a", "B", "c"], [0, 1]),
    ),
    Trap(
        "2: case of LIKE",
        stock("esql", "wildcard_match_expression"),
        in_esql({"tool_name|contains": "A"}, ["xAx", "xax", "x"], [0, 1]),
    ),
    Trap(
        "2: case of STARTS_WITH",
        stock("esql", "startswith_expression"),
        in_esql({"tool_name|startswith": "A"}, ["ax", "Ax"], [0, 1]),
    ),
    Trap(
        "2: case of ENDS_WITH",
        stock("esql", "endswith_expression"),
        in_esql({"tool_name|endswith": "A"}, ["xa", "xA"], [0, 1]),
    ),
    Trap(
        "2: case of a constant",
        stock("esql", "convert_value_str"),
        in_esql({"tool_name": "Fetch"}, ["fetch", "FETCH", "x"], [0, 1]),
    ),
    Trap(
        "2: letters of several cases",
        unrefused("esql", "_letters"),
        is_refused("esql", {"tool_name": "stra\u00dfe"}, "cased"),
    ),
    Trap(
        "2: case of a keyword",
        put(text, "cases", lambda one: one),
        in_lucene({"tool_name": "Fetch"}, ["fetch", "FETCH", "x"], [0, 1]),
    ),
    Trap(
        "2: case of an enumeration",
        put(Lucene, "_said", lambda _self, _field, value: text.of(value, folds=False)),
        lc.test_an_enumeration_is_asked_in_lower_case_which_its_normalizer_leaves_alone,
    ),
    Trap("2: case in where", in_search, in_spl({"tool_name|fieldref": "server_name"}, condition="not s0")),
    Trap(
        "3: a list compares to null",
        stock("esql", "convert_condition_field_eq_val_str"),
        listed_in_esql({"actor_tags|all": ["svc", "ci"]}, [1, 2]),
    ),
    Trap(
        "3: a list compares to null",
        stock("esql", "convert_condition_field_eq_val_str_case_sensitive"),
        listed_in_esql({"actor_tags|cased": "svc"}, [0, 1]),
    ),
    Trap(
        "3: a part of an element",
        unrefused("esql", "_list"),
        is_refused("esql", {"actor_tags|contains": "x"}, "element"),
    ),
    Trap(
        "3: an empty list is stored as none",
        put(Esql, "convert_condition_field_eq_val_null", BlankIsAbsent.convert_condition_field_eq_val_null),
        listed_in_esql({"actor_tags": None}, [4]),
    ),
    Trap(
        "3: an empty list is stored as none",
        stock("lucene", "convert_condition_field_exists"),
        listed_in_lucene({"actor_tags|exists": False}, [0, 1, 2, 3], "not a"),
    ),
    Trap("3: a list is a field of another name", no_fields, in_spl({"actor_tags": "x"})),
    Trap(
        "4: anchors",
        _AS_IT_IS,
        in_lucene({"tool_name|re": "^ab$"}, ["ab", "xab"], [0]),
    ),
    Trap(
        "4: search for a part",
        _AS_IT_IS,
        in_lucene({"tool_name|re": "ab"}, ["ab", "xabx"], [0, 1]),
    ),
    Trap(
        "4: groups",
        _AS_IT_IS,
        in_lucene({"tool_name|re": "^(?:a|b)c"}, ["acx", "bc", "xac"], [0, 1]),
    ),
    Trap(
        "4: flags",
        _AS_IT_IS,
        in_lucene({"tool_name|re": "(?i)ab"}, ["xAB", "a"], [0]),
    ),
    Trap(
        "5: precedence",
        put(Spl, "parenthesize", False),
        conversion.test_spl_never_relies_on_which_operator_binds_tighter,
    ),
    Trap(
        "5: precedence",
        put(clauses, "_joined", lambda parts, operator: f" {operator} ".join(parts)),
        partial(
            conversion.test_lucene_never_relies_on_precedence_nor_on_a_lone_not,
            "a or b and c",
            "mcp.chain_depth:1 OR (mcp.fan_out:2 AND mcp.bytes_out:3)",
        ),
    ),
    Trap("6: null becomes a text", no_fields, in_spl({"tool_name": None}, nulls=1)),
]
SYNTAX = [  # what Elastic's page says cannot be escaped, or is an operator
    Trap(
        "< and >",
        put(text, "_UNQUOTED", text._WORD),
        partial(lc.test_a_hostile_text_is_the_text_and_nothing_else, "|cased"),
    ),
    Trap(
        "AND is no word",
        put(text, "_OPERATORS", ()),
        partial(lc.test_a_hostile_text_is_the_text_and_nothing_else, "|cased"),
    ),
    Trap(
        "a backslash before the last slash",
        put(text, "character", text.member),
        partial(lc.found, {"a": {"tool_name|cased": ["a\\\\", "b/"]}, "condition": "a"}, [{}], es.COLUMNS),
    ),
    Trap(
        "a pattern that is too long",
        unrefused("lucene", "_pattern"),
        is_refused("lucene", {"tool_name": "a" * 300}, "longer than 1000"),
    ),
]
TRAPS = [*MATRIX, *MEANING, *SYNTAX]


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.told)
def test_a_repair_that_is_taken_out_is_missed(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    is_missed(trap, monkeypatch)
