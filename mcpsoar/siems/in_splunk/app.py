"""The app: searches for rules and gates, macros, collections, dashboards. All that is tuned is in macros."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain

from mcpsoar.core.errors import Usage
from mcpsoar.siems.asked import Content, Options
from mcpsoar.siems.in_splunk import conf, detections, gates, health, identity, lists, rules, views
from mcpsoar.siems.in_splunk.addon import sourcetype
from mcpsoar.siems.in_splunk.identity import Identity
from mcpsoar.siems.in_splunk.queries import Queries

APP = Identity("mcpsoar", "MCP detection and gates", "Rules and gates over MCP events.", is_visible=True)
EVENTS, INDEX = "mcp_audit_events", "mcp"
_INDEX = re.compile(r"[a-z0-9_][a-z0-9_-]{0,79}")  # indexes.conf.spec 10.0, of a user's index
_NAMED = (rules.name, detections.name)
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def files(content: Content, said: Queries) -> dict[str, bytes]:
    """By path inside the app's folder, without README and licence. Raises Usage, Unsupported."""
    return {
        **identity.files(APP),
        "default/savedsearches.conf": conf.written(searches(content, said)),
        "default/macros.conf": conf.written(macros(content)),
        "default/collections.conf": conf.written(dict(lists.collections())),
        "default/transforms.conf": conf.written(dict(lists.lookups())),
        **views.files(content),
    }


def searches(content: Content, said: Queries) -> Mapping[str, conf.Stanza]:
    """By name. Raises Usage, Unsupported."""
    check(content.options)
    made: Iterator[tuple[str, conf.Stanza]] = chain(
        rules.searches(content, said.rules),
        detections.searches(content, said.detections),
        gates.searches(content),
        health.searches(content, said.rules),
    )
    return dict(made)


def macros(content: Content) -> Mapping[str, conf.Stanza]:
    """By stanza. Raises Usage."""
    check(content.options)
    index = content.options.index or INDEX
    where = {EVENTS: {"definition": f'index="{index}" sourcetype="{sourcetype(content.mapping)}"'}}
    made: Iterator[tuple[str, conf.Stanza]] = chain(
        rules.macros(content),
        detections.macros(content),
        gates.macros(content),
        lists.macros(content.tuning),
        health.macros(),
    )
    return {name: {**stanza, "iseval": "0"} for name, stanza in chain(where.items(), made)}


def enabled(content: Content) -> frozenset[str]:
    """The searches that the overlay enables."""
    tuning = content.tuning
    return frozenset(
        [named(id_) for id_, one in tuning.rules.items() if one.enabled for named in _NAMED]
        + [name(id_) for id_, one in tuning.gates.items() if one.enabled for name in gates.ALERTS]
    )


def check(options: Options) -> None:
    """Raises Usage for what would become part of a search."""
    if options.index and not _INDEX.fullmatch(options.index):
        raise Usage(f"{options.index!r} is no index of Splunk: lower case, digits, _ and -")
    if options.tenant and not _FIELD.fullmatch(options.tenant):
        raise Usage(f"{options.tenant!r} is no field to group by: letters, digits and _")
