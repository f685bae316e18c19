"""The ground that containment is tested on: a control plane, a home, and orders carried out."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from mcpsoar.app import contain
from mcpsoar.app.order import Order
from mcpsoar.core.plan import Direction
from mcpsoar.core.profile import ROLES, Binding, CanaryBinding, Profile
from mcpsoar.core.run import Report
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import StepVerdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.records import TokenKind
from mcpsoar.lab.serving import Handle

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Ground:
    """One home and one profile on one plane; `said` is everything that was told on the way."""

    plane: Handle
    home: Path
    url: str = ""
    timeout_s: float = 5.0
    settle_s: float = 0.4
    retry_s: float = 4.0
    attempts: int = 3
    look_s: float = 2.0
    canary: CanaryBinding | None = None
    said: list[str] = field(default_factory=list)

    @property
    def profile(self) -> Profile:
        options = {"timeout_s": self.timeout_s, "settle_s": self.settle_s}
        binding = Binding("reference", self.url or self.plane.url, Secret(self.plane.token), options)
        return Profile(
            "test",
            dict.fromkeys(ROLES, binding),
            self.canary,
            "a test",
            look_s=self.look_s,
            retry_s=self.retry_s,
            attempts=self.attempts,
        )

    def order(self, *servers: str, direction: Direction = Direction.APPLY, dry_run: bool = False) -> Report:
        return contain.execute(
            Order(servers, direction, dry_run=dry_run),
            profile=self.profile,
            home=self.home,
            pack=ROOT,
            clock=SystemClock(),
            say=self.said.append,
        )

    def contain(self, *servers: str) -> Report:
        return self.order(*servers)

    def release(self, *servers: str) -> Report:
        return self.order(*servers, direction=Direction.UNDO)

    def elsewhere(self, url: str) -> "Ground":
        return replace(self, url=url, said=self.said)

    def is_disabled(self, server: str) -> bool:
        entry = self.plane.plane.server(server)
        return entry is not None and not entry.is_enabled

    def is_revoked(self, server: str) -> bool:
        return not any(
            token.active and token.is_for(server) and token.kind is not TokenKind.JWT
            for token in self.plane.plane.tokens()
        )

    @property
    def is_forced(self) -> bool:
        return self.plane.plane.policy().is_forced

    def truth(self, step: str) -> bool:
        """Whether this step of a containment is in force, by the plane's own word."""
        spec, _, server = step.partition(":")
        return {
            "disable": lambda: self.is_disabled(server),
            "revoke": lambda: self.is_revoked(server),
            "force": lambda: self.is_forced,
        }[spec]()

    def writes(self) -> list[str]:
        return [line["path"] for line in self.plane.ledger() if line["method"] != "GET"]

    def everything_written(self) -> str:
        """All that is on disk below the home, and all that was said."""
        files = [path.read_bytes() for path in self.home.rglob("*") if path.is_file()]
        return b"\n".join(files).decode("utf-8", "replace") + "\n".join(self.said)


def verdicts(report: Report) -> dict[str, StepVerdict]:
    return {step.id: step.verdict for step in report.steps}
