"""Containment on a real ContextForge: a verdict is held against what the servers really executed."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from mcpsoar.app import contain, settings
from mcpsoar.app.order import DEFAULT_PLAYBOOK, Order
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from mcpsoar.kit.clock import SystemClock
from tests.conftest import ROOT
from tests.live.peers.contextforge import Store, contextforge, why_none
from tests.live.peers.forge_ground import Behind, Ground, ground
from tests.live.peers.processes import wait_until
from tests.live.peers.upstreams import READ, WRITE, Upstream, upstream

_PLANE = """
[profiles.live]
look_s = 120
[profiles.live.plane]
connector = "contextforge"
url = "{url}"
login = "{email}"
token = {{ env = "FORGE_PASSWORD" }}
workers_s = {workers_s}
timeout_s = 60
"""
# what its own pages call disabling a server
_VIRTUAL = """
[profiles.live]
look_s = 120
[profiles.live.registry]
connector = "http"
url = "{url}"
token = {{ env = "CANARY_TOKEN" }}
names = {{ crm = "{virtual}" }}
[profiles.live.registry.actions."registry.disable".look]
path = "v1/servers/{{server}}"
in_force = [{{ pointer = "/id", is = "{{server}}" }}, {{ pointer = "/enabled", is = false }}]
not_in_force = [{{ pointer = "/id", is = "{{server}}" }}, {{ pointer = "/enabled", is = true }}]
[profiles.live.registry.actions."registry.disable".do]
method = "POST"
path = "v1/servers/{{server}}/state"
query = {{ activate = "false" }}
done = {{ pointer = "/enabled", is = false }}
[profiles.live.registry.actions."registry.disable".undo]
method = "POST"
path = "v1/servers/{{server}}/state"
query = {{ activate = "true" }}
done = {{ pointer = "/enabled", is = true }}
"""
_CANARY = """
[profiles.live.canary]
url = "{url}/servers/{{server}}/mcp"
tool = "crm-read-record"
arguments = {{ note = "{{nonce}}" }}
token = {{ env = "CANARY_TOKEN" }}
every_s = 1
hold_s = 5
before_s = 120
timeout_s = 60
names = {{ crm = "{virtual}" }}
control = {{ server = "{control}", tool = "files-read-record", arguments = {{ note = "control" }} }}
[profiles.live.canary.routes.all]
url = "{url}/mcp"
tool = "{{server}}-read-record"
names = {{}}
[profiles.live.canary.routes.rpc]
url = "{url}/rpc"
tool = "{{server}}-read-record"
names = {{}}
refusals = ["Tool not found: {{tool}}"]
"""
_SWITCH_OFF = """
title: Switch a server off
steps:
  - id: disable
    title: Switch the server off in the registry
    action: registry.disable
    role: registry
    undo: exact
    after: []
    why: A playbook that believes the registry.
"""


@dataclass
class Bench:
    """A gateway with two servers behind it, one of which is under attack."""

    plane: Ground
    truth: Upstream
    crm: Behind
    files: Behind
    home: Path
    workers_s: float
    said: list[str] = field(default_factory=list)
    profile: str = _PLANE
    pack: Path = ROOT

    def run(
        self, direction: Direction = Direction.APPLY, *servers: str, playbook: str = DEFAULT_PLAYBOOK
    ) -> Report:
        path = self.home / "mcpsoar.toml"
        path.write_text(
            (self.profile + _CANARY).format(
                url=self.plane.forge.url,
                email=self.plane.forge.email,
                workers_s=self.workers_s,
                virtual=self.crm.server_id,
                control=self.files.server_id,
            )
        )
        environ = {"FORGE_PASSWORD": self.plane.forge.password, "CANARY_TOKEN": self.plane.admin}
        found = settings.load(settings.Asked(config=str(path)), environ)
        return contain.execute(
            Order(servers or ("crm",), direction, playbook),
            profile=found.profile,
            home=self.home / "state",
            pack=self.pack,
            clock=SystemClock(),
            say=self.said.append,
        )

    def is_on(self, behind: Behind, tool: str) -> bool:
        before = self.truth.ran(tool)
        self.plane.call(behind, tool, "is it on", path="/mcp")
        return self.truth.ran(tool) > before

    @contextmanager
    def attacked(self) -> Iterator[list[float]]:
        """Somebody who writes all the time, by each road; the times at which a write was executed.

        Each road has been seen to work.
        """
        executed: list[float] = []
        working: set[str] = set()
        over = threading.Event()

        def attack(path: str) -> None:
            while not over.is_set():
                note = f"attack {time.monotonic()} {path}"
                with suppress(httpx.TransportError):  # no answer: it may have been executed all the same
                    self.plane.call(self.crm, WRITE, note, path=path)
                if self.truth.ran(WRITE, note):
                    executed.append(time.time())
                    working.add(path)
                over.wait(0.3)

        roads = set(self.plane.routes(self.crm).values())
        threads = [threading.Thread(target=attack, args=(path,)) for path in roads]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: working == roads)
            yield executed
        finally:
            over.set()
            for thread in threads:
                thread.join()


@contextmanager
def bench(folder: Path, store: Store, workers: int) -> Iterator[Bench]:
    if (why := why_none(store)) is not None:
        pytest.skip(why)
    with ExitStack() as held:
        truth = held.enter_context(upstream(folder))
        forge = held.enter_context(contextforge(folder, store=store, workers=workers))
        plane = ground(forge)
        crm, files = plane.register("crm", truth), plane.register("files", truth)
        yield Bench(plane, truth, crm, files, folder, 0 if workers == 1 else 65)


@pytest.fixture(params=[("sqlite", 1), ("postgresql", 1), ("sqlite", 2), ("postgresql", 2)], ids=str)
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    store, workers = request.param
    with bench(tmp_path, store, workers) as one:
        yield one


def test_contained_means_that_no_write_is_executed_any_more(there: Bench) -> None:
    own, _ = there.plane.token("crm-agent", there.crm)
    unscoped, _ = there.plane.token("any-agent")
    with there.attacked() as executed:
        report = there.run()
        if there.workers_s and report.verdict is RunVerdict.NOT_CONTAINED:
            # another worker went on with what it remembered, and a canary saw it
            assert executed
            report = there.run()
        told_at = time.time()
        time.sleep(3)
    assert report.verdict is RunVerdict.CONTAINED, [(step.id, step.detail) for step in report.steps]
    assert executed, "the attack was seen to work"
    assert max(executed) < told_at, "a write was executed after the verdict"
    listed = there.plane.said("GET", "/v1/tokens/admin/all?include_inactive=true&limit=100")["tokens"]
    assert {one["id"]: one["is_active"] for one in listed} == {own: False, unscoped: False}
    assert not there.is_on(there.files, WRITE), "writes are frozen everywhere"
    assert there.is_on(there.files, READ)

    released = there.run(Direction.UNDO)
    assert released.verdict is RunVerdict.RELEASED, [(step.id, step.detail) for step in released.steps]
    assert there.is_on(there.crm, WRITE)
    assert there.is_on(there.files, WRITE)


def test_the_switch_of_the_virtual_server_alone_is_not_contained(tmp_path: Path) -> None:
    playbooks = tmp_path / "pack" / "playbooks"
    playbooks.mkdir(parents=True)
    (playbooks / "switch-off.yml").write_text(_SWITCH_OFF)
    with bench(tmp_path, "sqlite", 1) as there:
        there.profile, there.pack = _VIRTUAL, tmp_path / "pack"
        report = there.run(playbook="switch-off")
        told = {step.id: (step.verdict, step.detail) for step in report.steps}
        assert told["disable:crm"][0] is StepVerdict.VERIFIED, told
        assert told["canary:crm"][0] is StepVerdict.FAILED, told
        assert report.verdict is RunVerdict.NOT_CONTAINED, told
        server = there.plane.said("GET", f"/v1/servers/{there.crm.server_id}")
        assert server["enabled"] is False, "what the registry says is so"
        assert there.is_on(there.crm, WRITE)
        there.run(Direction.UNDO)
        there.profile, there.pack = _PLANE, ROOT
        assert there.run().verdict is RunVerdict.CONTAINED, "by the switch that ends calls"
        assert not there.is_on(there.crm, WRITE)


def test_what_one_release_thaws_the_other_holder_freezes_again(tmp_path: Path) -> None:
    with bench(tmp_path, "postgresql" if why_none("postgresql") is None else "sqlite", 1) as there:
        there.run()
        there.run(Direction.APPLY, "files")
        released = there.run(Direction.UNDO)
        force = next(step for step in released.steps if step.id == "force")
        assert force.verdict is StepVerdict.SKIPPED, force.detail
        assert "is again" in force.detail
        assert there.is_on(there.crm, READ)
        assert not there.is_on(there.crm, WRITE), "the other run still holds every write"
        last = there.run(Direction.UNDO, "files")
        told = [(step.id, step.detail) for step in last.steps]
        assert there.is_on(there.crm, WRITE), told
        assert there.is_on(there.files, WRITE)


@pytest.mark.parametrize("who", ["bob@example.com", "agent-of-bob"])
def test_the_tokens_of_one_user_are_refused_and_nobody_else_s(tmp_path: Path, who: str) -> None:
    with bench(tmp_path, "sqlite", 1) as there:
        bob, other = _token_of(there.plane, "bob@example.com"), there.plane.token("other-agent")[1]
        first = there.plane.call(there.crm, READ, "first", path="/mcp", token=bob)
        assert first.status_code == 200, first.text
        report = there.run(Direction.APPLY, f"principal:{who}", playbook="contain-token")
        (step,) = report.steps
        assert step.verdict is StepVerdict.VERIFIED, step.detail
        assert report.verdict is RunVerdict.UNVERIFIED, "new ones can be made"
        refused = there.plane.call(there.crm, READ, "after", path="/mcp", token=bob)
        assert refused.status_code == 401, refused.text
        there.plane.call(there.crm, READ, "by another", path="/mcp", token=other)
        assert there.truth.ran(READ, "by another")
        assert not there.truth.ran(READ, "after")
        typo = there.run(Direction.APPLY, "principal:bbo@example.com", playbook="contain-token")
        assert typo.verdict is RunVerdict.NOT_CONTAINED


def _token_of(plane: Ground, email: str) -> str:
    """The text of an API token that a user of that address has made, called as our test calls it."""
    password = "Sesame-quite-9-open!"
    user = {"email": email, "password": password, "full_name": "Bob", "is_admin": False}
    plane.said("POST", "/v1/auth/email/admin/users", user)
    login = plane.forge.ask("POST", "/v1/auth/login", {"email": email, "password": password})
    assert login.status_code == 200, login.text
    asked = {"name": "agent-of-bob", "expires_in_days": 1}
    made = plane.forge.ask("POST", "/v1/tokens", asked, token=login.json()["access_token"])
    assert made.status_code < 300, made.text
    text: str = made.json()["access_token"]
    return text
