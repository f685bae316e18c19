"""Law: whatever is contained and released in whatever order, what should be frozen is frozen, and no more."""

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
# tools that were off, or of a gateway that was, before anybody came
BEFORE = st.sets(st.sampled_from(["t-write", "t-other", "t-crm", "t-read", "g-jira"]))
WELL = (StepVerdict.VERIFIED, StepVerdict.ALREADY, StepVerdict.SKIPPED)
# each name twice: contained where it comes first, released where it comes again
ORDERS = st.permutations(SERVERS * 2).flatmap(lambda names: st.sampled_from([names, names[:4], names[:3]]))
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
    with forge() as plane, TemporaryDirectory() as home:
        plane.gateways["g-crm"] = "crm"
        plane.tools["t-crm"] = ("g-crm", False)
        plane.off |= before
        held: set[str] = set()
        for name in names:
            direction = Direction.UNDO if name in held else Direction.APPLY
            playbook = (
                "freeze-writes" if name in freezes and direction is Direction.APPLY else DEFAULT_PLAYBOOK
            )
            called = f"g-{name}" if by_id and direction is Direction.UNDO else name
            report = ordered(plane, Path(home), called, direction, playbook=playbook)
            held ^= {name}
            told = [(step.id, step.verdict, step.detail) for step in report.steps]
            assert all(step.verdict in WELL for step in report.steps), told
            assert {f"g-{one}" for one in held - freezes} <= plane.off
            is_on = {tool for tool in plane.tools if plane.is_on(tool)}
            if held:
                assert not is_on & {"t-write", "t-other", "t-crm"}, told
            else:
                assert is_on == untouched(plane, before), told


def untouched(plane: Forge, before: set[str]) -> set[str]:
    """What was on before anybody came."""
    return {tool for tool, (gateway, _) in plane.tools.items() if not before & {tool, gateway}}
