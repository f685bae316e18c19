"""Services: what runs at night, what asks the same thing all day, what upgrades servers."""

from corpora.benign.cast import ALICE, BACKUP, DAVE, INVOICES, MONITOR, ONCALL, REPORTS
from corpora.benign.people import TICKETS
from corpora.benign.talk import Activity, Plan
from mcpsoar.core.digest import Facts


def polling(plan: Plan, *, every_s: float, rounds: int, has_sums: bool) -> Activity:
    """Is all still there? One conversation an hour, in which nothing ever changes."""
    talk = plan.talk(MONITOR, "watch")
    for _ in range(rounds):
        talk.call("jira", "search", {"query": "login"})
        yield plan.think(0.2, 1.0)
        talk.call("github", "list_issues")
        yield plan.think(0.2, 1.0)
        talk.call("time", "get_current_time", {"timezone": "UTC"})
        yield plan.think(0.2, 1.0)
        if has_sums:
            talk.call("everything", "get-sum", {"a": 1, "b": 1})
        yield every_s - 3.0
    talk.end()


def probe(plan: Plan) -> Activity:
    """Is the gateway up? It says no to whoever brings no token, and that is an answer."""
    with plan.here.agents.connect(plan.here.lab.url, "github", "") as client:
        client.call("list_issues", {})
    yield 1.0


def incident(plan: Plan, number: int) -> Activity:
    """A bot looks every few seconds whether a ticket moved, opens an issue, and goes on looking."""
    talk = plan.talk(ONCALL, "incident")
    for _ in range(20):
        talk.call("jira", "get_ticket", {"key": f"OPS-{number}"})
        yield plan.think(6, 9)
    issue = {"title": f"Incident {number}"}
    talk.call("github", "create_issue", issue)
    yield plan.think(60, 400)
    talk.call("github", "create_issue", issue, by=ALICE)
    yield plan.think(60, 120)
    for _ in range(20):
        talk.call("jira", "get_ticket", {"key": f"OPS-{number}"})
        yield plan.think(20, 40)
    talk.end()


def two_watches(plan: Plan) -> Activity:
    """Two things are watched in turn until both are quiet."""
    talk = plan.talk(ONCALL, "pair")
    for _ in range(9):
        talk.call("jira", "get_ticket", {"key": "OPS-5"})
        yield plan.think(30, 60)
        talk.call("github", "list_issues")
        yield plan.think(30, 60)
    talk.end()


def reports(plan: Plan, *, rounds: int) -> Activity:
    """The night's report: every ticket, every customer, a second or so apart."""
    talk, dice = plan.talk(REPORTS, "report"), plan.random
    for number in range(rounds):
        match number % 5:
            case 0:
                talk.call("crm", "find_customer", {"name": dice.choice(("Kim", "Robin"))})
            case 1:
                talk.call("github", "get_file", {"path": "README.md"})
            case _:
                talk.call("jira", "get_ticket", {"key": f"OPS-{number % TICKETS + 1}"})
        yield plan.think(4, 14)
    talk.end()


def invoices(plan: Plan, *, rounds: int) -> Activity:
    """A service that was rolled out yesterday: which customers have which tickets."""
    talk, dice = plan.talk(INVOICES, "invoices"), plan.random
    for number in range(rounds):
        talk.call("crm", "find_customer", {"name": dice.choice(("Kim", "Robin"))})
        yield plan.think(4, 14)
        talk.call("jira", "get_ticket", {"key": f"OPS-{number % TICKETS + 1}"})
        yield plan.think(4, 14)
    talk.end()


def backup(plan: Plan, *, rounds: int) -> Activity:
    """Every file is read; those that are gone are tried again, three times in all."""
    talk, room = plan.talk(BACKUP, "backup"), plan.here.room("files")
    talk.call("files", "directory_tree", {"path": str(room)})
    yield 1.0
    for number in range(rounds):
        is_gone = number % 97 == 50
        page = "gone.md" if is_gone else f"page-{number % 60 + 1}.md"
        if number % 60 + 1 == 59:
            talk.call("files", "list_directory_with_sizes", {"path": str(room / "docs")})
            yield plan.think(2, 5)
        for wait_s in (2.0, 4.0, 8.0) if is_gone else (plan.think(3, 9),):
            talk.call("files", "read_text_file", {"path": str(room / "docs" / page)})
            yield wait_s
    talk.end()


def upgrade(plan: Plan, server: str, ticket: str, tool: str, arguments: Facts) -> Activity:
    """A server's next version: announced, tried by whoever deploys it, pinned before the window ends."""
    talk = plan.talk(DAVE, "upgrade")
    talk.call(server, tool, arguments, by=ALICE)
    yield plan.think(120, 300)
    plan.here.deploy(server, ticket)
    talk.forget(server)
    for _ in range(3):
        talk.call(server, tool, arguments, by=ALICE)
        yield plan.think(20, 90)
    yield plan.think(300, 700)
    plan.here.lab.pin(server)
    talk.call(server, tool, arguments, by=ALICE)
    yield 5.0
    talk.end()


def slow_hour(plan: Plan, server: str, minutes: int) -> Activity:
    """A server answers slowly for a while: seconds a call, and nobody's fault."""
    clock, dice = plan.here.clock, plan.random
    plan.here.lab.stall(server, lambda: clock.advance(dice.uniform(2, 20)))
    yield minutes * 60.0
    plan.here.lab.stall(server, None)
