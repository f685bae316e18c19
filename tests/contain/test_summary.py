"""The report of a run: it says what is still open, and never that nothing is when nobody knows."""

from pathlib import Path

import pytest

from mcpsoar.app import contain
from mcpsoar.app.order import Order
from mcpsoar.app.report import document
from mcpsoar.cli.report_text import lines
from mcpsoar.core.errors import Unreachable, Unsupported
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Passage, Report
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from tests.contain.fakes import FakeCanary, FakeClock, FakeConnector, FakePlane, station

ROOT = Path(__file__).resolve().parent.parent.parent
NOTHING = "still exposed: nothing"


def contained(
    home: Path,
    plane: FakePlane,
    *servers: str,
    refused: str = "",
    unseen: str = "",
    canary: tuple[Passage, ...] = (),
) -> Report:
    """github, if no other is named, on a plane that never processes the change `refused` ("all": none of
    them) and cannot show the step `unseen`.
    """
    names = servers or ("github",)

    def trouble(call: str) -> None:
        if refused and (call == f"apply {refused}" or (refused == "all" and call.startswith("apply "))):
            raise Unreachable("no connection")
        if unseen and call == f"look {unseen}":
            raise Unsupported("there is no such read-back")

    clock = FakeClock()
    connector = FakeConnector(plane, clock, trouble, unseen=unseen)
    ready = station(home, connector, clock, canary=FakeCanary(clock, *canary) if canary else None)
    report = contain.carry_out(Order(names, Direction.APPLY), names, ready, ROOT)
    ready.looks.close()
    return report


def dry_run(home: Path, *servers: str) -> Report:
    clock = FakeClock()
    ready = station(home, FakeConnector(plane(), clock), clock)
    report = contain.carry_out(Order(servers, Direction.APPLY, dry_run=True), servers, ready, ROOT)
    ready.looks.close()
    return report


def plane() -> FakePlane:
    return FakePlane({"github": True}, {"github": 2})


@pytest.mark.parametrize("is_refused", [True, False])
@pytest.mark.parametrize(
    ("step", "what"),
    [
        ("revoke:github", "tokens of github not known to be revoked"),
        ("disable:github", "github not known to be disabled in the registry"),
        ("force", "writes not known to need approval"),
    ],
)
def test_what_is_not_proven_is_still_exposed(
    tmp_path: Path, *, is_refused: bool, step: str, what: str
) -> None:
    refused, unseen = (step, "") if is_refused else ("", step)
    report = contained(tmp_path, plane(), refused=refused, unseen=unseen)
    assert document(report)["remaining_exposure"] == [{"what": what, "until": None}]
    shown = "\n".join(lines(report))
    assert NOTHING not in shown
    assert f"{what}, with no known end" in shown


def test_calls_that_still_execute_are_an_exposure(tmp_path: Path) -> None:
    report = contained(tmp_path, plane(), canary=(Passage.EXECUTED,))
    assert report.verdict is RunVerdict.NOT_CONTAINED
    assert [exposure.what for exposure in report.remaining_exposure] == [
        "calls to github not known to be refused"
    ]


def test_when_all_is_proven_nothing_known_is_exposed(tmp_path: Path) -> None:
    report = contained(tmp_path, plane())
    assert report.remaining_exposure == ()
    assert NOTHING in "\n".join(lines(report))


def test_undoing_is_offered_only_for_what_was_sent(tmp_path: Path) -> None:
    there = plane()
    assert "to undo" in "\n".join(lines(contained(tmp_path, there)))
    again = contained(tmp_path, there)
    assert again.verdict is RunVerdict.CONTAINED
    assert "to undo" not in "\n".join(lines(again))


def test_undoing_is_not_offered_where_nothing_was_processed(tmp_path: Path) -> None:
    there = plane()
    report = contained(tmp_path, there, refused="all")
    assert report.verdict is RunVerdict.NOT_CONTAINED
    assert there.calls == []
    shown = "\n".join(lines(report))
    assert "to undo" not in shown
    assert f"next     mcpsoar runs resume {report.run}" in shown


@pytest.mark.parametrize("canary", [(), (Passage.UNCLEAR,)])
def test_a_mistyped_name_is_to_be_checked_and_not_tried_again(
    tmp_path: Path, canary: tuple[Passage, ...]
) -> None:
    shown = "\n".join(lines(contained(tmp_path, plane(), "githbu", canary=canary)))
    assert "next     check the name: there is no githbu" in shown
    assert "runs resume" not in shown
    assert "to undo  mcpsoar release githbu --yes" in shown, "the policy was forced all the same"


def test_a_mistyped_name_beside_a_true_one_can_be_let_go_alone(tmp_path: Path) -> None:
    shown = "\n".join(lines(contained(tmp_path, plane(), "github", "githbu")))
    assert "next     check the name: there is no githbu" in shown
    assert "to let go of it alone: mcpsoar release githbu --yes" in shown
    assert "runs resume" not in shown


def test_what_failed_beside_a_mistyped_name_is_tried_again(tmp_path: Path) -> None:
    report = contained(tmp_path, plane(), "githbu", refused="force")
    shown = "\n".join(lines(report))
    assert f"next     mcpsoar runs resume {report.run}" in shown
    assert "check the name: there is no githbu" in shown


def test_a_dry_run_that_would_fail_does_not_send_anybody_on(tmp_path: Path) -> None:
    report = dry_run(tmp_path, "githbu")
    assert report.verdict is RunVerdict.PLANNED
    verdicts = {step.id: step.verdict for step in report.steps}
    assert verdicts["disable:githbu"] is StepVerdict.FAILED
    assert verdicts["force"] is StepVerdict.PLANNED
    shown = "\n".join(lines(report))
    assert "mcpsoar contain" not in shown
    assert "mend first what would fail: disable:githbu" in shown


def test_a_dry_run_that_would_go_well_names_the_command(tmp_path: Path) -> None:
    assert list(lines(dry_run(tmp_path, "github")))[-1] == "  next     mcpsoar contain github"
