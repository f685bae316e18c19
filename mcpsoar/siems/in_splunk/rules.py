"""Rules as scheduled searches of Splunk. What a user tunes of one is in its filter macro and its schedule.

Splunk makes at most 500 alerts of one run (limits.conf.spec 9.0, max_per_result_alerts), and a caller chooses
the names of tools. So a run has a row a subject, a server and an actor have twenty of them or one for all
their tools, an actor has fifty or one for all servers, and the quietest actors come first: what one calls
changes no row of another.
"""

from collections.abc import Iterator, Mapping

from mcpsoar.core.content import RuleText, Text
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_splunk import alert, keys, schedule
from mcpsoar.siems.in_splunk.conf import Stanza
from mcpsoar.targets.spl.allow import quiet
from mcpsoar.targets.spl.text import field

_BY = {"by_server": "server_name", "by_actor": "actor_id", "by_tool": "tool_name"}
_THROTTLED = "1h"
_FOLDED = "mcp_one_row_a_subject"
_TOOLS, _ROWS = 20, 50


def name(id_: str) -> str:
    """The saved search of a rule. A name by title would lose a user's settings with the next title."""
    return f"MCP rule {id_}"


def filter_macro(id_: str) -> str:
    """The macro that a user's exceptions are put into."""
    return f"mcp_{id_}_filter"


def searches(content: Content, said: Mapping[str, str]) -> Iterator[tuple[str, Stanza]]:
    """Every rule by name; `said` is its query by id."""
    for rule in content.rules:
        yield name(rule.id), _search(rule, said[rule.id], content)


def macros(content: Content) -> Iterator[tuple[str, Stanza]]:
    """The filter of each rule: nothing is filtered until the overlay or the user says so. And what folds."""
    by = list(_keys(content))
    commands = (
        keys.begun(),
        *keys.folded(by, "by_tool", most=_TOOLS),
        *keys.folded(by, "by_server", "by_tool", most=_ROWS),
        keys.quietest_first(),
    )
    yield _FOLDED, {"definition": "\n| ".join(commands)}
    for rule in content.rules:
        allowed = content.tuning.rule(rule.id).allow
        yield filter_macro(rule.id), {"definition": quiet(allowed, content.columns)}


def _search(rule: RuleText, query: str, content: Content) -> Stanza:
    tuning = content.tuning.rule(rule.id)
    by = _keys(content)
    told = alert.Alert(
        label=rule.title,
        title=f"{rule.title}: $by_tool$ on $by_server$ by $by_actor$",
        description=described(rule, tuning.owner),
        level=tuning.level or rule.level,
        by=list(by),
        period=_THROTTLED,
        risky=[("actor_id", "user"), ("server_name", "other")],
        tags=rule.tags,
    )
    return {
        "description": described(rule, tuning.owner),
        "search": "\n| ".join([query, f"`{filter_macro(rule.id)}`", f"eval {_assigned(by)}", f"`{_FOLDED}`"]),
        "disabled": "0" if tuning.enabled else "1",
        **schedule.by_index_time(name(rule.id), tuning.every_minutes or schedule.EVERY),
        **alert.settings(told),
    }


def _keys(content: Content) -> dict[str, str]:
    """What a result is throttled by, and how it is made."""
    tenant = content.options.tenant
    first = {"by_tenant": keys.tenant(field(tenant))} if tenant else {}
    return first | {key: keys.named(field(column)) for key, column in _BY.items()}


def _assigned(by: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in by.items())


def described(rule: Text, owner: str | None) -> str:
    """One line: what it is about, what looks like it, whose it is, and what to do."""
    said = [f"{rule.title}.", f"Risk: {rule.risk}."]
    said += [f"Looks like it: {one.strip().rstrip('.')}." for one in rule.false_alarms]
    said += [f"Owner: {owner}."] if owner else []
    said += ["Contain its server: mcpsoar contain SERVER."] if rule.playbook else []
    return " ".join(" ".join(said).split())
