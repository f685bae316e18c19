"""Rules as scheduled searches of Splunk. What a user tunes of one is in its filter macro and its schedule."""

from collections.abc import Iterator

from mcpsoar.core.content import RuleText, Text
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_splunk import alert, schedule
from mcpsoar.siems.in_splunk.conf import Stanza
from mcpsoar.targets import splunk
from mcpsoar.targets.spl.allow import quiet
from mcpsoar.targets.spl.text import field

_BY = {"by_server": "server_name", "by_actor": "actor_id", "by_tool": "tool_name"}
_THROTTLED = "1h"


def name(id_: str) -> str:
    """The saved search of a rule. A name by title would lose a user's settings with the next title."""
    return f"MCP rule {id_}"


def filter_macro(id_: str) -> str:
    """The macro that a user's exceptions are put into."""
    return f"mcp_{id_}_filter"


def searches(content: Content) -> Iterator[tuple[str, Stanza]]:
    """Every rule by name. Raises BadContent, Unsupported."""
    target = splunk.make(content.columns)
    for rule in content.rules:
        yield name(rule.id), _search(rule, target.convert(rule), content)


def macros(content: Content) -> Iterator[tuple[str, Stanza]]:
    """The filter of each rule: nothing is filtered until the overlay or the user says so."""
    for rule in content.rules:
        allowed = content.tuning.rule(rule.id).allow
        yield filter_macro(rule.id), {"definition": quiet(allowed, content.columns)}


def _search(rule: RuleText, query: str, content: Content) -> Stanza:
    tuning = content.tuning.rule(rule.id)
    tenant = {"by_tenant": content.options.tenant} if content.options.tenant else {}
    keys = ", ".join(f'{key}=coalesce({field(one)}, "-")' for key, one in (tenant | _BY).items())
    told = alert.Alert(
        label=rule.title,
        title=f"{rule.title}: $by_tool$ on $by_server$ by $by_actor$",
        description=described(rule, tuning.owner),
        level=tuning.level or rule.level,
        by=[*tenant, *_BY],
        period=_THROTTLED,
        risky=[("actor_id", "user"), ("server_name", "other")],
        tags=rule.tags,
    )
    return {
        "description": described(rule, tuning.owner),
        "search": f"{query}\n| `{filter_macro(rule.id)}`\n| eval {keys}",
        "disabled": "0" if tuning.enabled else "1",
        **schedule.by_index_time(name(rule.id), tuning.every_minutes or schedule.EVERY),
        **alert.settings(told),
    }


def described(rule: Text, owner: str | None) -> str:
    """One line: what it is about, what looks like it, whose it is, and what to do."""
    said = [f"{rule.title}.", f"Risk: {rule.risk}."]
    said += [f"Looks like it: {one.strip().rstrip('.')}." for one in rule.false_alarms]
    said += [f"Owner: {owner}."] if owner else []
    said += ["Contain its server: mcpsoar contain SERVER."] if rule.playbook else []
    return " ".join(" ".join(said).split())
