"""The plan of the benign log, 2026-09-28 (a Monday) to 2026-10-09: a week to learn, five days to judge."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from corpora.benign import agents, machines, people
from corpora.benign.cast import ALICE, BOB, CAROL, FRANK, GRACE, HEIDI
from corpora.benign.talk import Plan
from corpora.ground import Ground
from corpora.real import EVERYDAY

if TYPE_CHECKING:
    from mcpsoar.core.digest import Facts

START = datetime(2026, 9, 28, tzinfo=UTC)
SERVERS = EVERYDAY
STORY = "twelve days of people, services and agents at work, with upgrades, retries, approvals and newcomers"
DAYS = 12
# so long first-seen detections learn; then a colleague comes
_LEARNING = 7
# from then on, a new service works, and what two upgrades of the day before opened is in use
_UPGRADED = 9
_PAGES = 60


def play(here: Ground, *, days: int = DAYS) -> None:
    """The first `days` days."""
    _furnish(here)
    plan = Plan(here, START)
    with _site(here.home / "site") as site:
        for day in range(days):
            _machines(plan, day, site)
            _agents(plan, day, site)
            if _is_workday(day):
                _people(plan, day)
        _changes(plan, days)
        plan.play()


def _machines(plan: Plan, day: int, site: str) -> None:
    for hour in range(24):
        plan.at(day, hour + 0.01, machines.polling(plan, every_s=300.0, rounds=11, has_sums=day >= _UPGRADED))
    for quarter in range(4):
        plan.at(day, quarter * 6 + 0.2, machines.probe(plan))
    plan.at(day, 1.0, machines.reports(plan, rounds=420))
    plan.at(day, 3.0, machines.backup(plan, rounds=400))
    plan.at(day, 4.5, agents.indexing(plan, site, rounds=180))
    plan.at(day, 14.2 + day % 7, machines.incident(plan, day + 1))
    if day >= _UPGRADED:
        plan.at(day, 2.0, machines.invoices(plan, rounds=60))


def _agents(plan: Plan, day: int, site: str) -> None:
    for hour in range(24):
        for minute in (18, 49):
            plan.at(day, hour + minute / 60, agents.triage(plan))
        if hour % 2 == 0:
            plan.at(day, hour + 0.55, agents.research(plan, site, is_filed=day >= _UPGRADED and hour == 10))
    if day >= _UPGRADED:
        plan.at(day, 13.1, agents.remembering(plan))
    if _is_workday(day) and day:
        plan.at(day, 16.1, agents.release(plan, is_long=day == 3))


def _people(plan: Plan, day: int) -> None:
    dice = plan.random
    if day == _LEARNING:
        plan.at(day, 8.6, people.first_day(plan))
    for who in (ALICE, BOB, FRANK, *([HEIDI] if day > _LEARNING else [])):
        for slot in range(8):
            begin = 8.5 + slot + dice.uniform(0, 0.6)
            plan.at(day, begin, people.development(plan, who, has_annotated_git=day > 0))
    for who in (CAROL, GRACE):
        for slot in range(9):
            plan.at(day, 8.0 + slot + dice.uniform(0, 0.6), people.support(plan, who))
    for slot in range(3):
        plan.at(day, 9.4 + 2.5 * slot, people.analysis(plan))
    plan.at(day, 11.9, people.after_lunch(plan, (ALICE, BOB, FRANK)[day % 3]))


def _changes(plan: Plan, days: int) -> None:
    room, repository = str(plan.here.room("files")), str(plan.here.room("git") / "repo")
    planned: tuple[tuple[int, float, str, str, str, Facts], ...] = (
        (0, 10.0, "git", "CHG-1041", "git_status", {"repo_path": repository}),
        (2, 11.0, "files", "CHG-1046", "list_directory", {"path": room}),
        (3, 13.0, "files", "CHG-1049", "list_directory", {"path": room}),
        (8, 10.5, "everything", "CHG-1054", "get-sum", {"a": 1, "b": 2}),
        (8, 14.0, "memory", "CHG-1055", "read_graph", {}),
    )
    for day, hour, server, ticket, tool, arguments in planned:
        if day < days:
            plan.at(day, hour, machines.upgrade(plan, server, ticket, tool, arguments))
    rest = (
        (1, 15.2, people.wrong_scope(plan, CAROL)),
        (2, 9.7, machines.slow_hour(plan, "jira", 25)),
        (2, 20.5, machines.two_watches(plan)),
        (3, 10.3, people.wrong_scope(plan, GRACE, steps_up=True)),
        (4, 9.2, people.security_reading(plan)),
        (4, 13.3, people.wrong_scope(plan, CAROL)),
        (5, 2.6, people.emergency(plan)),
    )
    for day, hour, activity in rest:
        if day < days:
            plan.at(day, hour, activity)


def _is_workday(day: int) -> bool:
    return day % 7 < 5


def _furnish(here: Ground) -> None:
    """Files and pages to read."""
    docs = here.room("files") / "docs"
    docs.mkdir(parents=True, exist_ok=True)
    (here.room("files") / "drafts").mkdir(exist_ok=True)
    for number in range(1, _PAGES + 1):
        text = f"# Page {number}\n\n" + f"Receipts are kept for {number} years.\n" * (number % 17 + 3)
        (docs / f"page-{number}.md").write_text(text, encoding="utf-8")
    quoted = "Attackers write sentences such as 'ignore previous instructions' into pages.\n"
    (docs / "prompt-injection.md").write_text(quoted, encoding="utf-8")
    # the key of the vendor's own documentation, which opens nothing
    (docs / "example-keys.md").write_text("aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", encoding="utf-8")
    site = here.home / "site"
    site.mkdir(exist_ok=True)
    for number in range(1, 31):
        body = f"<p>{'Requests are limited to 100 a minute. ' * (number % 9 + 4)}</p>"
        page = f"<html><head><title>Page {number}</title></head><body><article>{body}</article></body></html>"
        (site / f"page-{number}.html").write_text(page, encoding="utf-8")


@contextmanager
def _site(folder: Path) -> Iterator[str]:
    """A web server on loopback for the pages that agents read; its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name above)
        """Says nothing: what was fetched is in the audit log."""
