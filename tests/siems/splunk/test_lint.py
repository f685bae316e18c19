"""The lint of conf files finds each mistake that is planted in the pack, and none in the pack itself."""

import re

import pytest

from mcpsoar.siems.in_splunk import lint
from tests.siems.splunk import built

SEARCHES = "mcpsoar/default/savedsearches.conf"
MACROS = "mcpsoar/default/macros.conf"
TRANSFORMS = "mcpsoar/default/transforms.conf"
PROPS = "TA-mcpsoar/default/props.conf"
VIEW = "mcpsoar/default/data/ui/views/mcp_gates.xml"
MENU = "mcpsoar/default/data/ui/nav/default.xml"


def planted(path: str, old: str, new: str) -> list[str]:
    """The complaints about the pack with one place of a file changed."""
    text = built.files()[path].decode()
    changed, count = re.subn(old, lambda _: new, text, count=1, flags=re.MULTILINE)
    assert count == 1
    return list(lint.complaints({**built.files(), path: changed.encode()}))


def test_the_pack_is_clean() -> None:
    assert list(lint.complaints(built.files())) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (SEARCHES, r"\A", "[default]\ndispatch.earliest_time = -30d\n", "holds for every search"),
        (SEARCHES, r"\A", "disabled = 1\n", "holds for every search"),
        (SEARCHES, r"^search = `mcp_audit_events`", "search = index=*", "looks into every index"),
        (MACROS, r'index="mcp"', "index = *", "looks into every index"),
        (SEARCHES, r"_filter` \\$", "_filter` | lookup nobody a OUTPUT b \\", "no lookup nobody"),
        (MACROS, r"lookup mcp_pins", "lookup mcp_pin", "no lookup mcp_pin"),
        (TRANSFORMS, r"^collection = mcp_pins", "collection = mcp_pin", "no collection mcp_pin"),
        (TRANSFORMS, r"^collection = mcp_pins", "filename = pins.csv", "no file lookups/pins.csv"),
        (SEARCHES, r"_filter` \\$", "_filtre` \\", "there is no macro"),
        (SEARCHES, r"_state\(own_hits,own_judged,own_warned\)", "_state(own_hits)", "_state(1)"),
        (MACROS, r"^args = numerator,denominator,warned", "args = numerator,denominator", "has 2 arguments"),
        (MACROS, r"\$warned\$", "$warning$", "$warning$ is no argument"),
        (SEARCHES, r"^disabled = 1", "disabled = 0", "runs as soon as it is installed"),
        (SEARCHES, r"^disabled = 1\n", "", "runs as soon as it is installed"),
        (SEARCHES, r"^disabled = 1", "disabled = true", "write 0 or 1"),
        (SEARCHES, r"^action.notable = 1", "action.notable = yes", "write 0 or 1"),
        (SEARCHES, r"^(?=\| eval)", " \\\n", "a blank line"),
        (SEARCHES, r"^(?=\| eval)", "\n", "a blank line"),
        *(
            (SEARCHES, r"_filter` \\$", f"_filter` | {word} x \\", f"{word} writes or sends")
            for word in ("outputlookup", "collect", "sendemail", "delete", "map", "mcollect", "outputcsv")
        ),
        (MACROS, r"search \*", "search * | collect index=x", "collect writes or sends"),
        (SEARCHES, r"^dispatch.earliest_time = -1446m@m", "dispatch.earliest_time = -1440m@m", "is shorter"),
        (SEARCHES, r"^dispatch.earliest_time = -21m@m\n", "", "is shorter"),
        (MACROS, r"^definition = 1440", "definition = 2880", "is shorter"),
        (SEARCHES, r"^dispatch.index_earliest = -6m@m", "dispatch.index_earliest = -5m@m", "leave a gap"),
        (SEARCHES, r"^dispatch.index_latest = -1m@m", "dispatch.index_latest = now", "leave a gap"),
        (SEARCHES, r'now\(\), "-6m@m"', 'now(), "-5m@m"', "leave a gap between them"),
        (SEARCHES, r"^realtime_schedule = 0", "realtime_schedule = 1", "not made up"),
        (SEARCHES, r"^cron_schedule = \d-59/5", "cron_schedule = */5", "not its own minute"),
        (SEARCHES, r"^cron_schedule = .*", "cron_schedule = 0 0 * * 1", "not its own minute"),
        (SEARCHES, r"^alert.track", "alert.tarck", "alert.tarck is no key"),
        (MACROS, r"^iseval", "is_eval", "is_eval is no key"),
        (PROPS, r"^TRUNCATE", "TRUNCATED", "TRUNCATED is no key"),
        (
            SEARCHES,
            r"^\[MCP rule denied_call_executed\]",
            "[MCP rule call_allowed_to_denied_server]",
            "twice",
        ),
        (SEARCHES, r"^(?=realtime)", "alert.track = 1\n", "alert.track stands there twice"),
        (SEARCHES, r"^dispatch.earliest_time = .*", "dispatch.earliest_time = rt-5m", "in real time"),
        (SEARCHES, r"^dispatch.latest_time = .*", "dispatch.latest_time = rt", "in real time"),
        (SEARCHES, r"^alert.suppress.fields = .*\n", "", "throttles without alert.suppress.fields"),
        (SEARCHES, r"^alert.suppress.fields = .*", "alert.suppress.fields =", "throttles without"),
        (
            SEARCHES,
            r"^alert.suppress.fields = by_server",
            "alert.suppress.fields = server",
            "by server, which",
        ),
        (SEARCHES, r"^alert.suppress.period = .*\n", "", "throttles without alert.suppress.period"),
        (VIEW, r'ref="MCP gate ', 'ref="MCP gates ', "there is no search"),
        (VIEW, r"<search ref.*", "<search><query>`nobody`</query></search>", "there is no macro nobody"),
        (MENU, r'name="mcp_server"', 'name="mcp_servers"', "there is no view"),
    ],
)
def test_a_planted_mistake_is_found_with_its_place(path: str, old: str, new: str, said: str) -> None:
    found = planted(path, old, new)
    assert any(said in one and re.match(r"(TA-)?mcpsoar/default/[\w./]+(:\d+)?: ", one) for one in found), (
        found
    )


def test_texts_in_quotes_are_no_commands_and_no_macros() -> None:
    new = '_filter` | where tool_name!="| delete `x` \\" | collect y" \\'
    assert planted(SEARCHES, r"_filter` \\$", new) == []


def test_an_enabled_search_is_let_through_where_the_user_asked_for_it() -> None:
    text = built.files()[SEARCHES].decode()
    name = text.partition("[")[2].partition("]")[0]
    changed = {**built.files(), SEARCHES: text.replace("disabled = 1", "disabled = 0", 1).encode()}
    assert len(list(lint.complaints(changed))) == 1
    assert list(lint.complaints(changed, {name})) == []
