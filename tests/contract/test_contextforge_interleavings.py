"""Law: whatever is contained, frozen, put in quarantine and released, in whatever order: what one of us needs
off is off, and what nobody needs is as before.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from mcpsoar.app.order import DEFAULT_PLAYBOOK
from mcpsoar.core.plan import Direction
from mcpsoar.core.verdict import StepVerdict
from tests.contract.forge import Forge, forge
from tests.contract.orders import ordered

SERVERS = ("github", "jira", "crm")
# two gateways have a tool of one name
TOOLS = {"write@github": "t-write", "write@crm": "t-crm", "read@github": "t-read", "other@jira": "t-other"}
# tools that were off, or of a gateway that was, before anybody came
BEFORE = st.sets(st.sampled_from(["t-write", "t-other", "t-crm", "t-read", "g-jira"]))
WELL = (StepVerdict.VERIFIED, StepVerdict.ALREADY, StepVerdict.SKIPPED)
SUBJECTS = (*SERVERS, *(f"tool:{name}" for name in TOOLS))
# each name twice: contained where it comes first, released where it comes again
ORDERS = st.permutations(SERVERS * 2).flatmap(lambda names: st.sampled_from([names, names[:4], names[:3]]))
MIXED = st.lists(st.sampled_from(SUBJECTS), min_size=2, max_size=4, unique=True).flatmap(
    lambda names: st.permutations(names * 2)
)
# servers for which only the writes are frozen, and names that are given as ids where they come again
FREEZES, IDS = st.sets(st.sampled_from(SERVERS), max_size=2), st.booleans()


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(before=BEFORE, names=ORDERS, freezes=FREEZES, by_id=IDS)
@example(before=set(), names=["github", "jira", "github", "jira"], freezes=set(), by_id=True)
@example(before={"t-write", "g-jira"}, names=["jira", "github", "github", "jira"], freezes=set(), by_id=False)
@example(before={"t-read"}, names=["jira", "github", "jira", "github"], freezes={"jira"}, by_id=False)
def test_what_should_be_frozen_is_frozen(
    before: set[str], names: list[str], freezes: set[str], by_id: bool
) -> None:
    obey(before, names, freezes, by_id=by_id)


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(before=BEFORE, names=MIXED, freezes=FREEZES, by_id=IDS)
# a quarantine before a freeze and after it, lifted first and last
@example(set(), ["tool:write@github", "jira", "jira", "tool:write@github"], {"jira"}, False)
@example(set(), ["jira", "tool:write@github", "jira", "tool:write@github"], {"jira"}, True)
@example(set(), ["jira", "tool:write@github", "tool:write@github", "jira"], {"jira"}, False)
@example(set(), ["tool:write@github", "jira", "tool:write@github", "jira"], {"jira"}, False)
# the same beside its own entry, and while that is frozen too
@example(set(), ["tool:write@github", "github", "github", "tool:write@github"], set(), False)
@example(set(), ["github", "tool:read@github", "github", "tool:read@github"], set(), True)
@example(set(), ["github", "tool:read@github", "tool:read@github", "github"], set(), False)
@example({"t-write"}, ["tool:write@github", "github", "tool:write@github", "github"], set(), False)
@example(
    {"t-crm"},
    ["tool:write@github", "jira", "github", "tool:write@github", "jira", "github"],
    {"jira"},
    False,
)
def test_what_is_in_quarantine_stays_there(
    before: set[str], names: list[str], freezes: set[str], by_id: bool
) -> None:
    obey(before, names, freezes, by_id=by_id)


def obey(before: set[str], names: list[str], freezes: set[str], *, by_id: bool) -> None:
    with forge() as plane, TemporaryDirectory() as home:
        plane.page = 100
        plane.gateways["g-crm"] = "crm"
        plane.tools["t-crm"] = ("g-crm", False)
        plane.originals = {tool: name.partition("@")[0] for name, tool in TOOLS.items()}
        plane.off |= before
        held: set[str] = set()
        told: list[object] = []
        for name in names:
            direction = Direction.UNDO if name in held else Direction.APPLY
            called = as_id(name) if by_id and direction is Direction.UNDO else name
            report = ordered(
                plane, Path(home), called, direction, playbook=playbook(name, freezes, direction)
            )
            held ^= {name}
            told += [(direction, step.id, step.verdict, step.detail) for step in report.steps]
            assert all(step.verdict in WELL for step in report.steps), told
            is_on = {tool for tool in plane.tools if plane.is_on(tool)}
            assert is_on == wanted(plane, before, held, freezes), told


def playbook(name: str, freezes: set[str], direction: Direction) -> str:
    if direction is Direction.UNDO:
        return DEFAULT_PLAYBOOK
    if name.startswith("tool:"):
        return "quarantine-tool"
    return "freeze-writes" if name in freezes else DEFAULT_PLAYBOOK


def as_id(name: str) -> str:
    tool, at, server = name.rpartition("@")
    return f"{tool}{at}g-{server}"


def wanted(plane: Forge, before: set[str], held: set[str], freezes: set[str]) -> set[str]:
    """What should be on: all that was, but for what somebody of us needs off."""
    off = before | {f"g-{one}" for one in held - freezes}
    off |= {TOOLS[one.removeprefix("tool:")] for one in held if one.startswith("tool:")}
    is_frozen = bool(held & set(SERVERS))
    return {
        tool
        for tool, (gateway, is_read_only) in plane.tools.items()
        if not off & {tool, gateway} and (is_read_only or not is_frozen)
    }
