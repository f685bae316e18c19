"""Stanzas and keys: what is there twice, what nobody knows, and booleans that an editor would rewrite."""

import re
from collections.abc import Iterator, Sequence

from mcpsoar.siems.in_splunk.conf import Setting

_BOOLEANS = {
    *("disabled", "enableSched", "realtime_schedule", "alert.suppress", "alert.track", "alert.digest_mode"),
    *("action.correlationsearch.enabled", "action.notable", "action.risk", "iseval", "case_sensitive_match"),
    *("SHOULD_LINEMERGE", "AUTO_KV_JSON", "is_visible", "is_configured", "check_for_updates"),
}
_KEYS = {  # of what this pack writes: another key is a slip until somebody adds it here
    "savedsearches.conf": r"""search|description|disabled|enableSched|cron_schedule|realtime_schedule
        |allow_skew|dispatch\.(earliest_time|latest_time|index_earliest|index_latest)
        |counttype|relation|quantity|alert\.(digest_mode|severity|suppress|suppress\.fields|suppress\.period|track)
        |action\.correlationsearch\.(enabled|label|annotations)
        |action\.notable|action\.notable\.param\.(rule_title|rule_description|security_domain|severity)
        |action\.risk|action\.risk\.param\._risk|action\.risk\.param\._risk_message""",
    "macros.conf": "definition|args|iseval",
    "transforms.conf": """external_type|collection|filename|fields_list|case_sensitive_match|max_matches
        |INGEST_EVAL""",
    "collections.conf": r"field\..+",
    "props.conf": r"""SHOULD_LINEMERGE|LINE_BREAKER|TRUNCATE|DATETIME_CONFIG|TZ|KV_MODE|AUTO_KV_JSON
        |(TRANSFORMS|FIELDALIAS|EVAL)-.+""",
    "app.conf": "is_configured|state|author|description|version|check_for_updates|id|name|is_visible|label",
}


def of_file(name: str, settings: Sequence[Setting]) -> Iterator[tuple[Setting, str]]:
    """Complaints about the settings of one conf file."""
    known = _KEYS.get(name)
    stanzas: set[str] = set()
    keys: set[tuple[str, str]] = set()
    for one in settings:
        if not one.stanza or one.stanza == "default":
            yield one, "holds for every search of every app"
        if not one.key:
            if one.stanza in stanzas:
                yield one, "stands there twice"
            stanzas.add(one.stanza)
            continue
        if (one.stanza, one.key) in keys:
            yield one, f"{one.key} stands there twice"
        keys.add((one.stanza, one.key))
        if known is not None and not re.fullmatch(known, one.key, re.VERBOSE):
            yield one, f"{one.key} is no key of {name}"
        if one.key in _BOOLEANS and one.value not in ("0", "1"):
            yield one, f"{one.key} = {one.value}: write 0 or 1"
