"""What a profile's options make a step mean, as digests in the plan: what was begun so is finished so.

A connector's `MEANING` names such options, with "action" or "server" where the keys of one are those, or "".
"""

import json
from typing import Any

from mcpsoar.app.profiles import CONNECTORS
from mcpsoar.core.digest import Facts, digest
from mcpsoar.core.plan import Step
from mcpsoar.core.profile import Binding, Profile
from mcpsoar.core.secret import Secret
from mcpsoar.kit import find, targets

KEY = "options"  # of a plan's bindings, beside the roles


def options(profile: Profile) -> Facts:
    """{role: {option: digest, or {key: digest}}}; a role of which no option counts is left out. No secret's
    text goes into a digest.
    """
    told = {role: _of(bound) for role, bound in profile.roles.items() if bound.options}
    return {role: found for role, found in told.items() if found}


def differing(step: Step, was: Facts, now: Facts) -> list[str]:
    """What the bindings of a plan and today's say otherwise of one step: `actions.registry.disable`. Of a
    plan without such digests nothing is known.
    """
    then, today = (_spread(bindings.get(KEY, {}).get(step.role, {}), step) for bindings in (was, now))
    names = sorted({*then, *today}) if KEY in was else []
    return [name for name in names if then.get(name) != today.get(name)]


def written(name: str) -> str:
    """A name of `differing` as the profile spells it: `actions."registry.disable"`."""
    option, _, key = name.partition(".")
    return f"{option}.{json.dumps(key)}" if key else option


def _of(bound: Binding) -> Facts:
    found: dict[str, Any] = {}
    for option, keyed_by in getattr(find.load(CONNECTORS, bound.connector), "MEANING", {}).items():
        value = _plain(bound.options.get(option))
        if keyed_by and isinstance(value, dict):
            found[option] = {key: digest(one) for key, one in value.items()}
        elif value is not None:
            found[option] = digest(value)
    return found


def _spread(told: Facts, step: Step) -> dict[str, str]:
    """Of options by action or server what concerns this step; what is everybody's is about no server."""
    keys = (step.action, targets.server(step.server or ""))
    found: dict[str, str] = {}
    for option, value in told.items():
        if isinstance(value, dict):
            found |= {f"{option}.{key}": value[key] for key in keys if key in value}
        else:
            found[option] = value
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if isinstance(value, Secret) else value
