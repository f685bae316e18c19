"""Elastic: detection rules, exceptions, templates, lookup indices and a dashboard, for 9.2 and later."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Binding
from mcpsoar.kit.mapping import MappingKey
from mcpsoar.siems.in_elastic.asks import ADDRESSES, CLUSTER, DATASET_KEY, PROFILE_KEYS, SPACE, TIER
from mcpsoar.siems.objects import BuildOption, Item, PackFile

if TYPE_CHECKING:
    from mcpsoar.siems.asked import Connected, Content, Siem
    from mcpsoar.siems.checks import Check
    from mcpsoar.siems.checks.cases import Asked


class Elastic:
    """The SIEM `elastic`."""

    comment = "// {}"
    build_options: tuple[BuildOption, ...] = (CLUSTER, TIER, SPACE)
    mapping_keys: tuple[MappingKey, ...] = (DATASET_KEY,)
    profile_keys: tuple[str, ...] = PROFILE_KEYS
    addresses: tuple[str, ...] = ADDRESSES

    def files(self, content: "Content") -> Iterator[PackFile]:
        """What a person imports. Raises Usage for an option or a tuning that Elastic cannot have."""
        from mcpsoar.siems.in_elastic import held, readme, written
        from mcpsoar.siems.in_elastic.check import check

        own, left = held.parted(content)
        items = _items(own)
        check(items)
        yield from written.files(items)
        yield readme.file(own, left)

    def items(self, content: "Content") -> tuple[Item, ...]:
        """The same, in the order in which the objects need each other."""
        from mcpsoar.siems.in_elastic import held

        own, _ = held.parted(content)
        return _items(own)

    def checks(self, cases: Sequence["Asked"], content: "Content") -> Iterator["Check"]:
        """One query a case, with its events inside; what ES|QL cannot say is told with its reason."""
        from mcpsoar.siems.in_elastic import selftest

        return selftest.checks(cases, content)

    def connect(self, binding: Binding, *, clock: Clock) -> "Connected":
        """Kibana in one space, and the Elasticsearch behind it. Raises Usage."""
        from mcpsoar.siems.in_elastic import api

        return api.connect(binding, clock=clock)


def make() -> "Siem":
    """The SIEM."""
    return Elastic()


def _items(content: "Content") -> tuple[Item, ...]:
    from mcpsoar.siems.in_elastic import (
        dashboard,
        detection_rules,
        event_rules,
        exceptions,
        gate_rules,
        health_rules,
        late_rules,
        lookups,
        naming,
        storage,
    )

    naming.check(content.options)
    rules = (
        *event_rules.lines(content),
        *detection_rules.lines(content),
        *gate_rules.lines(content),
        *late_rules.lines(content),
        *health_rules.lines(content),
    )
    return (
        *storage.items(content),
        *lookups.items(content),
        *(Item("exception_list", one["list_id"], one) for one in exceptions.lists(content.tuning)),
        *(Item("exception_item", one["item_id"], one) for one in exceptions.items(content.tuning)),
        *(Item("detection_rule", str(one["rule_id"]), one) for one in rules),
        *dashboard.items(content),
    )
