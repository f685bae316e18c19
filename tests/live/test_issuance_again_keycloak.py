"""Contained a second time on a real Keycloak, while the client is stopped: it can revoke nothing."""

from mcpsoar.core.plan import Direction
from mcpsoar.core.verdict import StepVerdict
from tests.live.test_issuance_keycloak import _OFF, Site, site, step

__all__ = ["site"]  # a fixture


def test_a_second_run_goes_by_what_the_first_saw_and_asks_nothing_of_a_stopped_client(site: Site) -> None:
    ours, _ = site.hold()
    lines = (site.home / "held").read_text().splitlines()
    (site.home / "held").write_text(lines[0])  # none that stays: nothing else shows what inactive means
    first = step(site.run(Direction.APPLY, _OFF, "crm"), "tokens.revoke")
    assert first.verdict is StepVerdict.VERIFIED, first.detail
    assert "1 of them was not seen revoked, for agent-a is stopped" in first.detail
    assert site.realm.post("/revoke", site.owner, token=ours).status_code == 401
    second = step(site.run(Direction.APPLY, _OFF, "crm"), "tokens.revoke")
    assert second.verdict is StepVerdict.ALREADY, second.detail
    assert "an earlier run saw them active" in second.detail
    back = step(site.run(Direction.UNDO, _OFF, "crm"), "tokens.stop_issuance")
    assert back.verdict is StepVerdict.VERIFIED, back.detail
    assert (site.refusal(site.owner), site.is_active(ours)) == (200, True)
