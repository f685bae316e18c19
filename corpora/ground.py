"""The ground that corpora are recorded on: the lab, a simulated clock, and real servers behind the gateway.

For whoever writes an attack (`corpora/attacks/<name>.py`, see corpora/attack.py):

- `ground.stage.call(actor, server, tool, arguments, conversation=…, trace=(id, parent), approved_by=…)` is
  one call of the SDK's client; `ground.stage.fresh(actor, server, …)` is a client of its own, with `.call`
  and `.list_tools`. Tokens made by the stage last an hour of simulated time.
- Time stands still unless calls move it (some ten milliseconds each): `ground.clock.advance(60)` between
  calls, `ground.clock.jump(datetime)` to a later moment. Never sleep.
- `ground.lab` has `observe`, `weaken`, `rug_pull`, `pin`, `deploy_window`, `approve`, `issue`. `rug_pull` and
  `restore_manifest` of a real server go to its next version and back to its first.
- A real server that an attack needs is named in `ATTACK.servers` (corpora/real.py: FILESYSTEM, GIT, …): it is
  registered and pinned at its first version before `play` starts (`replace(GIT, versions=…)` picks others).
  `ATTACK.shadows` can be reached and nobody registered them: real ones, or any `Hosted` of your own.
- `ground.room("files")` is the folder that a real server works in; write pages and files there before calls.
  The audit log has only hashes of arguments, so paths do not get into a corpus.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import platformdirs

from corpora.clock import SimulatedClock
from corpora.real import Real
from corpora.relay import Relay
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Usage
from mcpsoar.lab.agent import Agents
from mcpsoar.lab.embedded import Lab, lab
from mcpsoar.lab.seed import fingerprint
from mcpsoar.lab.served import Hosted
from mcpsoar.lab.stage import Stage


@dataclass(frozen=True, slots=True)
class Ground:
    """A running lab on its simulated day. A mark is a size of its audit log in bytes."""

    home: Path
    lab: Lab
    stage: Stage
    agents: Agents
    clock: SimulatedClock
    relays: Mapping[str, Relay]

    def mark(self) -> int:
        """This moment, for `since`."""
        return self.lab.audit_log.stat().st_size

    def since(self, mark: int) -> list[Facts]:
        """The events written after `mark`, in the order of writing."""
        with self.lab.audit_log.open("rb") as file:
            file.seek(mark)
            return [json.loads(line) for line in file]

    def events(self) -> list[Facts]:
        """All events so far."""
        return self.since(0)

    def room(self, server: str) -> Path:
        """The folder that a real server works in."""
        return _room(self.home, server)

    def deploy(self, server: str, ticket: str, *, window_s: float = 1800.0) -> str:
        """Put a real server's next version in place as it should be: announced, and fingerprinted anew.

        Says the version. Until `lab.pin` approves its manifest, calls pass because the window is open.
        """
        if server not in self.relays:
            raise Usage(f"there is no real server {server!r} here")
        relay = self.relays[server]
        self.lab.deploy_window(server, ticket, window_s)
        self.lab.rug_pull(server)
        self._launched(relay)
        return relay.version

    def _launched(self, relay: Relay) -> None:
        entry = self.lab.plane.server(relay.name)
        assert entry is not None
        self.lab.plane.register(replace(entry, fingerprint=fingerprint(f"{relay.name}:{relay.version}")))


@contextmanager
def ground(
    home: Path,
    *,
    start: datetime,
    servers: Sequence[Real | Hosted] = (),
    shadows: Sequence[Real | Hosted] = (),
    cache: Path | None = None,
    seed: int = 0,
) -> Iterator[Ground]:
    """Run the lab from `start` (aware, UTC) on; `servers` are registered and pinned beside its own.

    Real servers are installed below `cache` (the user's cache folder), which takes a minute the first time.
    Raises Unreachable.
    """
    clock = SimulatedClock(start, seed=seed)
    guests = [_hosted(one, home, cache) for one in servers]
    strangers = [_hosted(one, home, cache) for one in shadows]
    with (
        lab(home, clock=clock, guests=guests, strangers=strangers) as running,
        Agents() as agents,
    ):
        relays = {one.name: one for one in guests if isinstance(one, Relay)}
        here = Ground(home, running, Stage(running, agents), agents, clock, relays)
        for relay in relays.values():
            here._launched(relay)  # noqa: SLF001 (its own maker)
        yield here


def _hosted(one: Real | Hosted, home: Path, cache: Path | None) -> Hosted:
    if not isinstance(one, Real):
        return one
    where = cache or platformdirs.user_cache_path("mcpsoar") / "servers"
    return Relay(one, cache=where, room=_room(home, one.name))


def _room(home: Path, server: str) -> Path:
    # short and without links: servers compare paths after they have followed them
    return home.resolve() / "rooms" / server
