"""The law of regular expressions: what Python finds with ASCII classes, every engine finds, or it refuses.

MCPSOAR_EXAMPLES sets the number of random patterns.
"""

import os
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sigma.rule import SigmaRule
from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.bridge import dialect, regex, tree
from mcpsoar.targets.bridge.table import texts
from tests.targets.engines import asked
from tests.targets.evaluator import rule
from tests.targets.interpreter import holds

EXAMPLES = int(os.environ.get("MCPSOAR_EXAMPLES", "100"))
ALPHABET = "aAbBkZ019_ .-^]$%!*?'\\[{}&/,\t\n\v\f\r\b\x07\x1c\x1f\x7f\x85\xa0é中\u2028\U0001f600"
# no letter beyond ASCII in its other case: those fold as the engine folds them
CLASSES = [r"\d", r"\D", r"\s", r"\S", r"\w", r"\W"]
SPELLED = [
    *(r"\a", r"\f", r"\n", r"\r", r"\t", r"\v", r"\0", r"\07", r"\101", r"\x00", r"\x0b", r"\x1c", r"\x41"),
    *(r"\x5d", r"\x7f", r"\u0041", r"\u00e9", r"\u2028", r"\U0001F600", r"\N{DIGIT ONE}", r"\\", r"\$"),
    *(r"\.", r"\-", r"\]", r"\[", r"\^", r"\*", r"\?", r"\_", r"\&", r"\/", r"\'", r"\{", r"\ ", r"\é"),
]
PLAIN = [*"aAbBk01_%!'&/,-]}{", " ", "\n", "\t", "é", "中", "😀"]
RANGES = [
    "a-z",
    "A-Z",
    "0-9",
    r"\x00-\x1f",
    r"\t-\r",
    r"!-\-",
    r"\x41-\x5a",
    r"\0-\10",
    "à-ÿ",
    r"\u4e00-\uffff",
    " -~",
]


def is_read(text: str) -> bool:
    """Whether Python reads it: `\\12` before `0-9` is a range that goes backwards."""
    try:
        re.compile(text)
    except re.error:
        return False
    return True


MEMBER = st.one_of(
    st.sampled_from(CLASSES),
    st.sampled_from(SPELLED),
    st.sampled_from(
        [*"aAk1_.$*?(){}|,/%'", " ", "\n", "\v", "é", "😀", r"\b", r"\1", r"\12", r"\\s", r"\\d"]
    ),
    st.sampled_from(RANGES),
)
SET_PARTS = st.tuples(
    st.sampled_from(["[", "[^", "[]", "[^]", "[-", "[^-"]),
    st.lists(MEMBER, min_size=1, max_size=4).map("".join),
    st.sampled_from(["]", "]", "-]", "&&a]"]),
)
SET = SET_PARTS.map("".join).filter(is_read)
ATOM = st.one_of(
    st.sampled_from([*PLAIN, ".", "(?s:.)", "(?i:k)", r"(?:\$)", "(a)"]),
    st.sampled_from(CLASSES + SPELLED),
    SET,
)
ASSERTION = st.sampled_from(
    [
        "^",
        "$",
        r"\A",
        r"\Z",
        r"\b",
        r"\B",
        "(?=a)",
        r"(?!\w)",
        "(?<=é)",
        r"(?<![\s\S])",
        "(?m:^)",
        "(?m:$)",
        "(?-m:$)",
    ]
)
REPEAT = st.sampled_from(["", "", "", "*", "+", "?", "??", "{2}", "{,1}", "{,}", "{1,2}?"])
PIECE = st.one_of(st.tuples(ATOM, REPEAT).map("".join), ASSERTION)
PATTERN = st.recursive(
    st.lists(PIECE, min_size=1, max_size=3).map("".join),
    lambda below: st.one_of(
        st.tuples(below, below).map("|".join),
        st.tuples(below, REPEAT).map(lambda two: f"(?:{two[0]}){two[1]}"),
        st.tuples(below, below).map(lambda two: f"{two[0]}(?:{two[1]})"),
    ),
    max_leaves=3,
)
FLAGS = st.sampled_from(["|re", "|re|i", "|re|m", "|re|s", "|re|i|m|s"])
TEXTS = st.lists(st.text(alphabet=ALPHABET, max_size=5), min_size=1, max_size=8)


@pytest.mark.filterwarnings(
    "ignore:Possible:FutureWarning"
)  # `[&&a]`, which Python will read otherwise one day
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(pattern=PATTERN, flags=FLAGS, some=TEXTS)
@example(pattern=r"\B", flags="|re", some=["0?0\x850"])  # RE2 finds one between the two bytes of U+0085
def test_any_pattern_finds_what_python_finds_with_ascii_classes(
    engine: tuple[str, Any], pattern: str, flags: str, some: list[str]
) -> None:
    rows = [{"one": text} for text in (*some, *ALPHABET, "")]
    node = parsed(pattern, flags)
    expected = [holds(node, row) for row in rows]
    predicate = tree.condition(node, texts("events", ["one"]))
    if not refused(predicate, engine[0]):
        assert asked(*engine, predicate, rows) == expected


def refused(predicate: exp.Expression, name: str) -> bool:
    """Whether an engine says that it lacks something; the reason names `|re`."""
    try:
        dialect.text(predicate, name)
    except Unsupported as refusal:
        return "|re: " in refusal.message
    return False


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
@pytest.mark.parametrize("name", ["mysql", "redshift", "snowflake", "trino"])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pattern=PATTERN, flags=FLAGS, some=TEXTS)
def test_what_is_printed_only_means_the_same_to_a_reader_of_unicode_classes(
    name: str, pattern: str, flags: str, some: list[str]
) -> None:
    """Python without re.ASCII stands in for those engines, their spellings put in its words."""
    node = parsed(pattern, flags)
    try:
        text = regex.fitted(regex.read(node.value), name)
    except Unsupported:
        return
    text = re.sub(r"\\x\{([0-9A-F]+)\}", lambda found: rf"\U{int(found[1], 16):08x}", text)
    text = text.replace(r"\z", r"\Z").replace("[:^ascii:]", r"\x80-\U0010ffff")
    of_lines = name == "snowflake" and "|m" in flags
    if name == "snowflake" and not of_lines:
        text = re.sub(r"(\\.)|\$", lambda found: found[1] or r"\Z", text, flags=re.DOTALL)
    read_as = (re.IGNORECASE * ("|i" in flags)) | (re.DOTALL * ("|s" in flags or name == "snowflake"))
    found = re.compile(text, read_as | re.MULTILINE * of_lines)
    for one in (*some, *ALPHABET, ""):
        assert (found.search(one) is not None) == holds(node, {"one": one}), (text, one)


def test_a_lazy_question_mark_stays_one_where_nothing_is_lazy() -> None:
    wanted = regex.Pattern("^a??b+?$", frozenset())
    assert regex.fitted(wanted, "snowflake") == "^a?b+$"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"^[\x41]$", "A"),
        (r"^[\u0041]$", "A"),
        (r"^[\b]$", "\b"),
        (r"^[\\s]$", "\\s"),
        (r"^[\S]$", "A4xé\\s\b$"),
        (r"^[^\s]$", "A4xé\\s\b$"),
        (r"^[\W]$", "é\\\v\b$"),
        (r"(?i)^[\W]$", "é\\\v\b$"),
        (r"^\w$", "A4xs"),
        (r"^\W$", "é\\\v\b$"),
        (r"^.\b$", "A4xs"),
        (r"^\101$", "A"),
        (r"^[\101\64]$", "A4"),
        (r"^[]\x78-\x7a]$", "x"),
        (r"^[^\w\W]$", ""),
        (r"^[\s\S]$", "A4xé\\s\v\b$"),
        (r"^\$$", "$"),
        (r"^[$]$", "$"),
        (r"^\N{LATIN SMALL LETTER E WITH ACUTE}$", "é"),
    ],
)
def test_an_escape_means_the_same_in_a_set_and_outside(
    pattern: str, found: str, engine: tuple[str, Any]
) -> None:
    rows = [{"one": one} for one in "A4xé\\s\v\b$"]
    node = parsed(pattern, "|re")
    assert "".join(row["one"] for row in rows if holds(node, row)) == found
    answers = asked(*engine, tree.condition(node, texts("events", ["one"])), rows)
    assert "".join(row["one"] for row, hit in zip(rows, answers, strict=True) if hit) == found


@pytest.mark.parametrize(("pattern", "is_found"), [(r"(?i)^x[\w\W]*y$", True), (r"(?i)^x[^\w\W]+y$", False)])
def test_a_set_of_everything_holds_letters_that_fold_into_ascii(
    pattern: str, is_found: bool, engine: tuple[str, Any]
) -> None:
    rows = [{"one": "x\nİıſKy"}, {"one": "xİy"}]
    node = parsed(pattern, "|re")
    assert asked(*engine, tree.condition(node, texts("events", ["one"])), rows) == [is_found] * 2


def parsed(pattern: str, flags: str) -> Any:
    made = rule({"a": {f"one{flags}": pattern}, "condition": "a"})
    return SigmaRule.from_yaml(made.text).detection.parsed_condition[0].parsed
