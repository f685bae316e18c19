"""Elastic: detection rules, exceptions, templates, lookup indices and a dashboard, for 9.2 and later."""

from collections.abc import Iterator

from mcpsoar.siems.asked import Content, Siem
from mcpsoar.siems.checks import Check
from mcpsoar.siems.in_elastic import (
    dashboard,
    detection_rules,
    event_rules,
    exceptions,
    gate_rules,
    health_rules,
    held,
    late_rules,
    lookups,
    naming,
    readme,
    selftest,
    storage,
    written,
)
from mcpsoar.siems.in_elastic.check import check
from mcpsoar.siems.objects import Item, PackFile


class Elastic:
    """The SIEM `elastic`."""

    comment = "// {}"

    def files(self, content: Content) -> Iterator[PackFile]:
        """What a person imports. Raises Usage for an option or a tuning that Elastic cannot have."""
        own, left = held.parted(content)
        items = _items(own)
        check(items)
        yield from written.files(items)
        yield readme.file(own, left)

    def items(self, content: Content) -> tuple[Item, ...]:
        """The same, in the order in which the objects need each other."""
        own, _ = held.parted(content)
        return _items(own)

    def checks(self, content: Content) -> Iterator[Check]:
        """Queries that bring a case's events along, in normal form."""
        return selftest.checks(content.rules, content.columns)


def make() -> Siem:
    """The SIEM."""
    return Elastic()


def _items(content: Content) -> tuple[Item, ...]:
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
