"""People at work: they read much, write little, mistype, and wait for each other's approval."""

from dataclasses import replace

from corpora.benign.cast import ALICE, BOB, CAROL, DAVE, EMERGENCY, ERIN, FRANK, HEIDI, TRIAGE
from corpora.benign.talk import Activity, Person, Plan, Talk
from mcpsoar.core.digest import Facts

TICKETS = 40


def development(plan: Plan, who: Person, *, has_annotated_git: bool) -> Activity:
    """Read a ticket, look around, change something, commit it. Git's first version here calls all a write."""
    talk, dice = plan.talk(who, "dev"), plan.random
    room = plan.here.room("files")
    reviewer = BOB if who is not BOB else ALICE
    ticket = f"OPS-{dice.randint(1, TICKETS + 1)}"  # one of them does not exist
    talk.call("jira", "search", {"query": dice.choice(("login", "export", "payment", "blank"))})
    yield plan.think(5, 60)
    trace = f"{dice.getrandbits(128) | 1:032x}"
    asked = talk.call("jira", "get_ticket", {"key": ticket}, trace=trace)
    yield plan.think(20, 120)
    if dice.random() < 0.3:
        yield from _delegated(plan, trace, asked.span_id)
    for _ in range(dice.randint(5, 12)):
        chosen = dice.choice(("list", "read", "search", "info", "issues", "file", "think", "missing"))
        _look(talk, chosen, dice.randint(1, 60))
        yield plan.think(4, 90)
        if chosen == "missing":  # mistyped, and typed again
            talk.call("files", "read_text_file", {"path": str(room / "docs" / "page-1.md")})
            yield plan.think(3, 20)
    if has_annotated_git:
        repository = {"repo_path": str(plan.here.room("git") / "repo")}
        for tool in ("git_status", "git_log", "git_diff_unstaged", "git_branch"):
            talk.call("git", tool, repository | ({"branch_type": "local"} if tool == "git_branch" else {}))
            yield plan.think(3, 40)
    if dice.random() < 0.5:
        yield from _edit(plan, talk, reviewer)
    if dice.random() < 0.6:
        yield from _held(
            plan, talk, reviewer, ("jira", "add_comment", {"key": "OPS-7", "text": f"{talk.name} done"})
        )
    talk.end()


def first_day(plan: Plan) -> Activity:
    """A new colleague reads the guide and tries what it names: every tool is new to her."""
    talk = plan.talk(HEIDI, "first-day")
    docs = plan.here.room("files") / "docs"
    repository = {"repo_path": str(plan.here.room("git") / "repo")}
    talk.call("web", "fetch_page", {"url": "https://docs.example.com/guide"})
    yield plan.think(60, 400)
    tries: tuple[tuple[str, str, Facts], ...] = (
        ("jira", "search", {"query": "login"}),
        ("jira", "get_ticket", {"key": "OPS-1"}),
        ("files", "list_directory", {"path": str(docs)}),
        ("files", "read_text_file", {"path": str(docs / "page-1.md")}),
        ("github", "list_issues", {}),
        ("github", "get_file", {"path": "README.md"}),
        ("git", "git_status", repository),
        ("git", "git_log", repository),
    )
    for server, tool, arguments in tries:
        talk.call(server, tool, arguments)
        yield plan.think(30, 200)
    talk.end()


def _delegated(plan: Plan, trace: str, after: str) -> Activity:
    """An agent looks around under its own name for somebody whose call caused that."""
    talk = plan.talk(TRIAGE, "for-a-person")
    for number in range(1, 5):
        talk.call("jira", "get_ticket", {"key": f"OPS-{number}"}, trace=trace, after=after)
        yield plan.think(1, 5)
    talk.end()


def _look(talk: Talk, what: str, number: int) -> None:
    room = talk.here.room("files")
    page = str(room / "docs" / f"page-{number}.md")
    match what:
        case "list":
            talk.call("files", "list_directory", {"path": str(room / "docs")})
        case "read":
            talk.call("files", "read_text_file", {"path": page})
        case "search":
            talk.call("files", "search_files", {"path": str(room), "pattern": f"page-{number}*"})
        case "info":
            talk.call("files", "get_file_info", {"path": page})
        case "issues":
            talk.call("github", "list_issues")
        case "file":
            talk.call("github", "get_file", {"path": "README.md" if number % 9 else "READ.md"})
        case "think":
            thought = {"thought": f"step {number}", "nextThoughtNeeded": False, "thoughtNumber": 1}
            talk.call("thinking", "sequentialthinking", thought | {"totalThoughts": 1})
        case _:
            talk.call("files", "read_text_file", {"path": str(room / "docs" / f"pgae-{number}.md")})


def _edit(plan: Plan, talk: Talk, reviewer: Person) -> Activity:
    page = plan.here.room("files") / "drafts" / f"{talk.name}.md"
    yield from _held(
        plan, talk, reviewer, ("files", "write_file", {"path": str(page), "content": f"{talk.name}\n"})
    )
    talk.call("files", "read_text_file", {"path": str(page)})
    yield plan.think(5, 30)


def _held(plan: Plan, talk: Talk, approver: Person, call: tuple[str, str, Facts]) -> Activity:
    """A write is held, somebody looks at it, and the same call goes through."""
    server, tool, arguments = call
    talk.call(server, tool, arguments)
    yield plan.think(30, 700)
    talk.call(server, tool, arguments, by=approver)
    yield plan.think(5, 60)


def support(plan: Plan, who: Person) -> Activity:
    """Customers are looked up, their addresses come back redacted, tickets are answered."""
    talk, dice = plan.talk(who, "support"), plan.random
    for _ in range(dice.randint(3, 6)):
        talk.call("crm", "find_customer", {"name": dice.choice(("Kim", "Robin", "Kim", "Robin", "Sascha"))})
        yield plan.think(10, 90)
        talk.call("jira", "get_ticket", {"key": f"OPS-{dice.randint(1, TICKETS)}"})
        yield plan.think(20, 200)
        if dice.random() < 0.3:
            talk.call("web", "fetch_page", {"url": "https://docs.example.com/guide"})
            yield plan.think(10, 60)
    note = {"key": f"OPS-{dice.randint(1, TICKETS)}", "text": f"answered in {talk.name}"}
    if dice.random() < 0.7:
        talk.call("jira", "add_comment", note, by=ALICE if who is CAROL else CAROL)
        yield plan.think(10, 60)
    if dice.random() < 0.2:
        yield from _held(plan, talk, FRANK, ("crm", "update_contact", {"name": "Kim", "plan": "team"}))
    talk.end()


def wrong_scope(plan: Plan, who: Person, *, steps_up: bool = False) -> Activity:
    """Somebody tries what their token does not allow, once; asks a colleague, or for a token that does."""
    talk = plan.talk(who, "misstep")
    talk.call("github", "list_issues")
    yield plan.think(20, 60)
    issue = {"title": "Invoice shows the wrong year"}
    talk.call("github", "create_issue", issue)
    yield plan.think(60, 200)
    if steps_up:
        talk.who = replace(who, may=who.may | {"github": "rw"})
        talk.forget("github")
        talk.call("github", "create_issue", issue, by=DAVE)
        yield plan.think(5, 60)
    talk.call("jira", "search", {"query": "invoice"})
    yield plan.think(5, 9)
    talk.end()


def after_lunch(plan: Plan, who: Person) -> Activity:
    """A token ends while its owner is away; the first call is refused, the next comes with a new one."""
    brief = replace(who, ttl_s=3600.0)
    talk = plan.talk(brief, "lunch")
    talk.call("github", "list_issues")
    yield 3600.0 + plan.think(60, 1800)
    talk.call("github", "list_issues")
    yield plan.think(2, 8)
    talk.forget("github")
    talk.call("github", "list_issues")
    yield plan.think(5, 60)
    talk.end()


def analysis(plan: Plan) -> Activity:
    """Queries of servers that say nothing of their tools: each counts as a write and carries an approval."""
    talk, dice = plan.talk(ERIN, "analysis"), plan.random
    talk.call("sqlite", "list_tables", by=DAVE)
    yield plan.think(20, 60)
    for number in range(dice.randint(3, 7)):
        query = f"SELECT {number} + {dice.randint(1, 99)} AS total"
        talk.call("sqlite", "read_query", {"query": query}, by=DAVE)
        yield plan.think(30, 240)
        talk.call("everything", "get-sum", {"a": number, "b": dice.randint(1, 99)}, by=DAVE)
        yield plan.think(5, 40)
    zones = {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Europe/Berlin"}
    talk.call("time", "convert_time", zones)
    yield plan.think(5, 40)
    talk.call("notes", "append", {"text": f"figures of {talk.name}"}, by=ALICE)
    yield plan.think(5, 9)
    talk.end()


def security_reading(plan: Plan) -> Activity:
    """Somebody reads about attacks: their words, and keys that open nothing."""
    talk, room = plan.talk(FRANK, "reading"), plan.here.room("files")
    for page in ("prompt-injection.md", "page-3.md", "example-keys.md", "page-4.md"):
        talk.call("files", "read_text_file", {"path": str(room / "docs" / page)})
        yield plan.think(60, 300)
    talk.end()


def emergency(plan: Plan) -> Activity:
    """The account with all scopes, used in one night, for a few reads and one approved write."""
    talk = plan.talk(EMERGENCY, "emergency")
    for _ in range(4):
        talk.call("github", "list_issues")
        yield plan.think(30, 120)
    talk.call("jira", "transition", {"key": "OPS-3", "status": "blocked"}, by=DAVE)
    yield plan.think(30, 120)
    talk.end()
