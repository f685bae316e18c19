"""Services: what runs at night, what asks the same thing all day, what upgrades servers."""

from corpora.benign.cast import ALICE, BACKUP, DAVE, MONITOR, ONCALL, REPORTS
from corpora.benign.people import TICKETS
from corpora.benign.talk import Activity, Week


def polling(week: Week, *, every_s: float, rounds: int) -> Activity:
    """Is everything still there? One conversation an hour, in which nothing ever changes."""
    talk = week.talk(MONITOR, "watch")
    for _ in range(rounds):
        talk.call("jira", "search", {"query": "login"})
        yield week.think(0.2, 1.0)
        talk.call("github", "list_issues")
        yield week.think(0.2, 1.0)
        talk.call("time", "get_current_time", {"timezone": "UTC"})
        yield week.think(0.2, 1.0)
        talk.call("everything", "get-sum", {"a": 1, "b": 1})
        yield every_s - 3.0
    talk.end()


def probe(week: Week) -> Activity:
    """Is the gateway up? It says no to whoever brings no token, and that is an answer."""
    with week.here.agents.connect(week.here.lab.url, "github", "") as client:
        client.call("list_issues", {})
    yield 1.0


def incident(week: Week, number: int) -> Activity:
    """A bot looks every few seconds whether a ticket moved, opens an issue, and goes on looking."""
    talk = week.talk(ONCALL, "incident")
    for _ in range(20):
        talk.call("jira", "get_ticket", {"key": f"OPS-{number}"})
        yield week.think(6, 9)
    issue = {"title": f"Incident {number}"}
    talk.call("github", "create_issue", issue)
    yield week.think(60, 400)
    talk.call("github", "create_issue", issue, by=ALICE)
    yield week.think(60, 120)
    for _ in range(20):
        talk.call("jira", "get_ticket", {"key": f"OPS-{number}"})
        yield week.think(20, 40)
    talk.end()


def two_watches(week: Week) -> Activity:
    """Two things are watched in turn until both are quiet."""
    talk = week.talk(ONCALL, "pair")
    for _ in range(9):
        talk.call("jira", "get_ticket", {"key": "OPS-5"})
        yield week.think(30, 60)
        talk.call("github", "list_issues")
        yield week.think(30, 60)
    talk.end()


def reports(week: Week, *, rounds: int) -> Activity:
    """The night's report: every ticket, every customer, a second or so apart."""
    talk, dice = week.talk(REPORTS, "report"), week.random
    for number in range(rounds):
        match number % 5:
            case 0:
                talk.call("crm", "find_customer", {"name": dice.choice(("Kim", "Robin"))})
            case 1:
                talk.call("github", "get_file", {"path": "README.md"})
            case _:
                talk.call("jira", "get_ticket", {"key": f"OPS-{number % TICKETS + 1}"})
        yield week.think(4, 14)
    talk.end()


def backup(week: Week, *, rounds: int) -> Activity:
    """Every file is read; those that are gone are tried again, three times in all."""
    talk, room = week.talk(BACKUP, "backup"), week.here.room("files")
    talk.call("files", "directory_tree", {"path": str(room)})
    yield 1.0
    for number in range(rounds):
        is_gone = number % 97 == 50
        page = "gone.md" if is_gone else f"page-{number % 60 + 1}.md"
        if number % 60 + 1 == 59:
            talk.call("files", "list_directory_with_sizes", {"path": str(room / "docs")})
            yield week.think(2, 5)
        for wait_s in (2.0, 4.0, 8.0) if is_gone else (week.think(3, 9),):
            talk.call("files", "read_text_file", {"path": str(room / "docs" / page)})
            yield wait_s
    talk.end()


def upgrade(week: Week, server: str, ticket: str, tool: str, arguments: dict[str, str]) -> Activity:
    """A server's next version: announced, tried by whoever deploys it, pinned before the window ends."""
    talk = week.talk(DAVE, "upgrade")
    talk.call(server, tool, arguments, by=ALICE)
    yield week.think(120, 300)
    week.here.deploy(server, ticket)
    talk.forget(server)
    for _ in range(3):
        talk.call(server, tool, arguments, by=ALICE)
        yield week.think(20, 90)
    yield week.think(300, 700)
    week.here.lab.pin(server)
    talk.call(server, tool, arguments, by=ALICE)
    yield 5.0
    talk.end()


def slow_hour(week: Week, server: str, minutes: int) -> Activity:
    """A server answers slowly for a while: seconds a call, and nobody's fault."""
    clock, dice = week.here.clock, week.random
    week.here.lab.stall(server, lambda: clock.advance(dice.uniform(2, 20)))
    yield minutes * 60.0
    week.here.lab.stall(server, None)
