"""What may stand behind `field:`, by the type of the field: a word, a phrase, a pattern or a range."""

import ipaddress
import math
import re
from collections.abc import Callable

from luqum import tree

from tests.languages.esql import Field, NotInGrammar, Refused, Undocumented
from tests.languages.lucene import indexed, patterns

Test = Callable[[indexed.Value], bool]
_WORD = re.compile(r"[A-Za-z0-9_]+")
_OPERATORS = ("AND", "OR", "NOT", "TO")  # page "Query string", "Boolean operators" and "Ranges"
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]+)?")
# page "Query string", "Reserved characters": `<` and `>` cannot be escaped at all; whether wildcards work
# within quotes it does not say
_IN_QUOTES = re.compile(r'[^"\\<>*?\x00-\x1f]*[^"\\<>*?\x00-\x20][^"\\<>*?\x00-\x1f]*')
_LONG = 2**63
# Lucene's QueryParser.jj, REGEXPTERM: the longest text between slashes, where `\/` is no end
_LUCENE_REGEX = re.compile(r"/(?:\\/|[^/])*/", re.DOTALL)


def test(node: tree.Item, name: str, field: Field, query: str) -> Test:
    """Whether a value is meant."""
    match node:
        case tree.Word():
            return _word(node.value, name, field)
        case tree.Phrase():
            return _phrase(node.value[1:-1], name, field)
        case tree.Regex():
            return _regex(node, name, field, query)
        case tree.Range():
            return _range(node, name, field)
    raise NotInGrammar(f"{type(node).__name__} behind {name}:")


def _word(word: str, name: str, field: Field) -> Test:
    if field.kind in ("long", "double") and _NUMBER.fullmatch(word) and not word.startswith("-"):
        return _within(_number(word, name, field), _number(word, name, field), low=True, high=True)
    if not _WORD.fullmatch(word) or word in _OPERATORS:
        raise NotInGrammar(f"the word {word!r}")
    if field.kind == "boolean":
        if word not in ("true", "false"):  # page "Boolean"
            raise Refused(f"{word!r} in the boolean field {name}")
        return lambda value: value is (word == "true")
    if field.kind == "keyword":
        return _exactly(word, field)
    raise Undocumented(f"the word {word!r} in {name}, a field of type {field.kind}")


def _phrase(phrase: str, name: str, field: Field) -> Test:
    """All the words in the same order (page "Query string"): a keyword is one word, whatever is in it."""
    if not _IN_QUOTES.fullmatch(phrase):
        raise Undocumented(f"the phrase {phrase!r}")
    if field.kind == "keyword":
        return _exactly(phrase, field)
    if field.kind == "ip":  # page "IP": a network, and quotes because of its colons
        try:
            network = ipaddress.ip_network(phrase)
        except ValueError:
            raise Refused(f"{phrase!r} in {name} is no network") from None
        low, high = (indexed.address(str(network[end])) for end in (0, -1))
        return lambda value: low <= value <= high
    raise Undocumented(f"the phrase {phrase!r} in {name}, a field of type {field.kind}")


def _exactly(text: str, field: Field) -> Test:
    """Page "normalizer": it is applied to what is searched as well, where a query parser searches."""
    wanted = indexed.lowered(text) if field.normalizer else text
    return lambda value: value == wanted


def _regex(node: tree.Regex, name: str, field: Field, query: str) -> Test:
    read = _LUCENE_REGEX.match(query, node.pos)
    if read is None or read[0] != node.value:
        raise Undocumented(f"luqum ends {node.value} elsewhere than Lucene ends it")
    if field.kind != "keyword":
        raise Undocumented(f"a regular expression in {name}, a field of type {field.kind}")
    pattern = node.value[1:-1]
    if field.normalizer and pattern != pattern.lower():
        raise Undocumented(f"what the normalizer of {name} does to the regular expression {pattern}")
    return patterns.compiled(pattern)


def _range(node: tree.Range, name: str, field: Field) -> Test:
    """Page "Query string", "Ranges": square brackets take a bound in, curly ones do not, `*` is none."""
    if field.kind not in ("long", "double"):
        raise Undocumented(f"a range in {name}, a field of type {field.kind}")
    low, high = (_bound(one, name, field) for one in (node.low, node.high))
    if low is None and high is None:
        raise Undocumented("a range without bounds")
    return _within(low, high, low=node.include_low, high=node.include_high)


def _bound(node: tree.Item, name: str, field: Field) -> float | None:
    if isinstance(node, tree.Prohibit):
        return _number(f"-{node.a.value}", name, field)
    if not isinstance(node, tree.Word):
        raise NotInGrammar(f"{type(node).__name__} in a range")
    return None if node.value == "*" else _number(node.value, name, field)


def _number(text: str, name: str, field: Field) -> float:
    if not _NUMBER.fullmatch(text):
        raise NotInGrammar(f"the number {text!r}")
    if field.kind == "double":
        return float(text)
    if not re.fullmatch("-?[0-9]+", text):
        raise Undocumented(f"the fraction {text} in {name}, a field of whole numbers")
    if not -_LONG <= int(text) < _LONG:
        raise Refused(f"{text} in {name} is out of range")
    return int(text)


def _within(least: float | None, most: float | None, *, low: bool, high: bool) -> Test:
    def within(value: float) -> bool:
        if value == 0 and math.copysign(1, value) < 0 and 0 in (least, most):
            raise Undocumented("zero beside its negative")
        above = least is None or value > least or (low and value == least)
        return above and (most is None or value < most or (high and value == most))

    return within
