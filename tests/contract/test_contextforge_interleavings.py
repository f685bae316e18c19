"""Law: whatever is contained and released in whatever order, what should be frozen is frozen, and no more."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from mcpsoar.app import contain
from mcpsoar.app.order import Order
from mcpsoar.core.plan import Direction
from mcpsoar.core.profile import ROLES, Binding, Profile
from mcpsoar.core.run import Report
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import StepVerdict
from mcpsoar.kit.clock import SystemClock
from tests.conftest import ROOT
from tests.contract.forge import EMAIL, PASSWORD, Forge, forge

SERVERS = ("github", "jira", "crm")
# tools that were off, or of a gateway that was, before anybody came
BEFORE = st.sets(st.sampled_from(["t-write", "t-other", "t-crm", "t-read", "g-jira"]))
WELL = (StepVerdict.VERIFIED, StepVerdict.ALREADY, StepVerdict.SKIPPED)
# each name twice: contained where it comes first, released where it comes again
ORDERS = st.permutations(SERVERS * 2).flatmap(lambda names: st.sampled_from([names, names[:4], names[:3]]))


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(before=BEFORE, names=ORDERS)
@example(before=set(), names=["github", "jira", "github", "jira"])
@example(before={"t-write", "g-jira"}, names=["jira", "github", "github", "jira"])
def test_what_should_be_frozen_is_frozen(before: set[str], names: list[str]) -> None:
    with forge() as plane, TemporaryDirectory() as home:
        plane.gateways["g-crm"] = "crm"
        plane.tools["t-crm"] = ("g-crm", False)
        plane.off |= before
        held: set[str] = set()
        for name in names:
            direction = Direction.UNDO if name in held else Direction.APPLY
            report = ordered(plane, Path(home), name, direction)
            held ^= {name}
            told = [(step.id, step.verdict, step.detail) for step in report.steps]
            assert all(step.verdict in WELL for step in report.steps), told
            assert {f"g-{one}" for one in held} <= plane.off
            is_on = {tool for tool in plane.tools if plane.is_on(tool)}
            if held:
                assert not is_on & {"t-write", "t-other", "t-crm"}, told
            else:
                assert is_on == untouched(plane, before), told


def untouched(plane: Forge, before: set[str]) -> set[str]:
    """What was on before anybody came."""
    return {tool for tool, (gateway, _) in plane.tools.items() if not before & {tool, gateway}}


def ordered(plane: Forge, home: Path, name: str, direction: Direction) -> Report:
    options = {"login": EMAIL, "workers_s": 0}
    binding = Binding("contextforge", plane.url, Secret(PASSWORD), options)
    return contain.execute(
        Order((name,), direction),
        profile=Profile("forge", dict.fromkeys(ROLES, binding), None, "a test", look_s=30.0),
        home=home,
        pack=ROOT,
        clock=SystemClock(),
        say=lambda _: None,
    )
