"""The plan of the benign week, 2026-10-05 (a Monday) to 2026-10-11."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from corpora.benign import agents, machines, people
from corpora.benign.cast import ALICE, BOB, CAROL, FRANK, GRACE
from corpora.benign.talk import Week
from corpora.ground import Ground
from corpora.real import EVERYDAY

START = datetime(2026, 10, 5, tzinfo=UTC)
SERVERS = EVERYDAY
STORY = "a week of people, services and agents at work, with upgrades, retries and approvals"
_WORKDAYS = range(5)
_PAGES = 60


def play(here: Ground, *, days: int = 7) -> None:
    """The first `days` days of the week."""
    _furnish(here)
    week = Week(here, START)
    with _site(here.home / "site") as site:
        for day in range(days):
            _machines(week, day, site)
            _agents(week, day, site)
            if day in _WORKDAYS:
                _people(week, day)
        _changes(week, days)
        week.play()


def _machines(week: Week, day: int, site: str) -> None:
    for hour in range(24):
        week.at(day, hour + 0.01, machines.polling(week, every_s=300.0, rounds=11))
    for quarter in range(4):
        week.at(day, quarter * 6 + 0.2, machines.probe(week))
    week.at(day, 1.0, machines.reports(week, rounds=420))
    week.at(day, 3.0, machines.backup(week, rounds=400))
    week.at(day, 4.5, agents.indexing(week, site, rounds=180))
    week.at(day, 14.2 + day, machines.incident(week, day + 1))


def _agents(week: Week, day: int, site: str) -> None:
    for hour in range(24):
        for minute in (18, 49):
            week.at(day, hour + minute / 60, agents.triage(week))
        if hour % 2 == 0:
            week.at(day, hour + 0.55, agents.research(week, site, is_filed=day > 1 and hour == 10))
    if day > 1:
        week.at(day, 13.1, agents.remembering(week))
    if day in _WORKDAYS and day:
        week.at(day, 16.1, agents.release(week, is_long=day == 3))


def _people(week: Week, day: int) -> None:
    dice = week.random
    for who in (ALICE, BOB, FRANK):
        for slot in range(8):
            begin = 8.5 + slot + dice.uniform(0, 0.6)
            week.at(day, begin, people.development(week, who, has_annotated_git=day > 0))
    for who in (CAROL, GRACE):
        for slot in range(9):
            week.at(day, 8.0 + slot + dice.uniform(0, 0.6), people.support(week, who))
    for slot in range(3):
        week.at(day, 9.4 + 2.5 * slot, people.analysis(week))
    week.at(day, 11.9, people.after_lunch(week, (ALICE, BOB, FRANK)[day % 3]))


def _changes(week: Week, days: int) -> None:
    room, repository = str(week.here.room("files")), str(week.here.room("git") / "repo")
    planned: tuple[tuple[int, float, str, str, str, dict[str, str]], ...] = (
        (0, 10.0, "git", "CHG-1041", "git_status", {"repo_path": repository}),
        (1, 14.0, "memory", "CHG-1044", "read_graph", {}),
        (2, 11.0, "files", "CHG-1046", "list_directory", {"path": room}),
        (3, 13.0, "files", "CHG-1049", "list_directory", {"path": room}),
    )
    for day, hour, server, ticket, tool, arguments in planned:
        if day < days:
            week.at(day, hour, machines.upgrade(week, server, ticket, tool, arguments))
    rest = (
        (1, 15.2, people.wrong_scope(week, CAROL)),
        (2, 9.7, machines.slow_hour(week, "jira", 25)),
        (2, 20.5, machines.two_watches(week)),
        (3, 10.3, people.wrong_scope(week, GRACE, steps_up=True)),
        (4, 9.2, people.security_reading(week)),
        (4, 13.3, people.wrong_scope(week, CAROL)),
        (5, 2.6, people.emergency(week)),
    )
    for day, hour, activity in rest:
        if day < days:
            week.at(day, hour, activity)


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
