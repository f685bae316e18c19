"""What takes a repair out of a conversion, and the tests of this suite that must notice."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import pytest
from sigma.backends.elasticsearch.elasticsearch_esql import ESQLBackend
from sigma.backends.elasticsearch.elasticsearch_lucene import LuceneBackend
from sigma.backends.splunk.splunk import SplunkBackend

from mcpsoar.targets import esql, lucene, splunk
from mcpsoar.targets.es.backend import Esql
from mcpsoar.targets.es.lucene.backend import Lucene
from mcpsoar.targets.rule import refuse
from mcpsoar.targets.spl import search
from mcpsoar.targets.spl.backend import Spl
from tests.targets import test_conversion as conversion
from tests.targets.es import test_traps as es
from tests.targets.lucene import test_traps as lc
from tests.targets.spl import splunk as into_splunk
from tests.targets.spl import test_rules as spl

Off = Callable[[pytest.MonkeyPatch], None]
Proof = Callable[[], object]
_KINDS: dict[str, tuple[type, type]] = {
    "esql": (Esql, ESQLBackend),
    "lucene": (Lucene, LuceneBackend),
    "splunk": (Spl, SplunkBackend),
}
_PLUG_INS = {"esql": esql, "lucene": lucene, "splunk": splunk}


class Trap(NamedTuple):
    """One trap: what takes its repair out, and the test that shows it."""

    told: str
    off: Off
    proof: Proof


def is_missed(trap: Trap, patch: pytest.MonkeyPatch) -> None:
    """Holds with the repair; without it there is another verdict, or a text that is none."""
    trap.proof()
    trap.off(patch)
    with pytest.raises((Exception, pytest.fail.Exception)):
        trap.proof()


def stock(target: str, *names: str) -> Off:
    """The stock back end's own way."""

    def off(patch: pytest.MonkeyPatch) -> None:
        own, other = _KINDS[target]
        for name in names:
            patch.setattr(own, name, getattr(other, name))

    return off


def put(where: object, name: str, instead: object) -> Off:
    """Something else in the place of the repair."""
    return lambda patch: patch.setattr(where, name, instead)


def unrefused(target: str, *unasked: type | str) -> Off:
    """Kinds of value, or questions by name, that are let through."""

    def off(patch: pytest.MonkeyPatch) -> None:
        refused = _PLUG_INS[target].refused

        def fewer(columns: Any) -> refuse.Refusals:
            made: refuse.Refusals = refused(columns)
            kinds = {kind: why for kind, why in made.kinds.items() if kind not in unasked}
            asked = tuple(one for one in made.questions if one.__qualname__.split(".")[0] not in unasked)
            return replace(made, kinds=kinds, questions=asked)

        patch.setattr(_PLUG_INS[target], "refused", fewer)

    return off


def in_search(patch: pytest.MonkeyPatch) -> None:
    """SPL: all of it is left to `search` and to the stock back end."""
    patch.setattr(search, "is_exact", lambda _column, _value: True)


def no_fields(patch: pytest.MonkeyPatch) -> None:
    """Splunk: the events as they were extracted, without the add-on's calculated fields."""
    patch.setattr(into_splunk, "calculated", lambda *_: into_splunk.Calculated(()))


def in_esql(item: Any, values: list[Any], hits: list[int], condition: str = "a") -> Proof:
    return partial(es.test_a_text_is_what_the_rule_means, item, condition, values, hits)


def in_lucene(item: Any, values: list[Any], hits: list[int], condition: str = "a") -> Proof:
    return partial(lc.test_a_text_is_what_the_rule_means, item, condition, values, hits)


def in_spl(*items: Any, condition: str = "s0", nulls: int = 0) -> Proof:
    made = spl.text_of(*items, condition=condition)
    return partial(spl.test_every_trap_is_found_as_the_scan_finds_it, made, into_splunk.EXTRACTIONS[nulls])


def is_refused(target: str, item: Any, word: str) -> Proof:
    return partial(conversion.test_what_a_target_cannot_say_is_refused_with_its_line, target, item, word)


def listed_in_esql(item: Any, hits: list[int], condition: str = "a") -> Proof:
    return partial(es.test_a_list_is_asked_for_its_elements, item, condition, hits)


def listed_in_lucene(item: Any, hits: list[int], condition: str = "a") -> Proof:
    return partial(lc.test_a_list_is_asked_for_its_elements, item, condition, hits)
