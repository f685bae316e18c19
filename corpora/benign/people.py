"""People at work: they read much, write little, mistype, and wait for each other's approval."""

from dataclasses import replace

from corpora.benign.cast import ALICE, BOB, CAROL, DAVE, EMERGENCY, ERIN, FRANK, TRIAGE
from corpora.benign.talk import Activity, Person, Talk, Week
from mcpsoar.core.digest import Facts

TICKETS = 40


def development(week: Week, who: Person, *, has_annotated_git: bool) -> Activity:
    """Read a ticket, look around, change something, commit it. Git's first version here calls all a write."""
    talk, dice = week.talk(who, "dev"), week.random
    room = week.here.room("files")
    reviewer = BOB if who is not BOB else ALICE
    ticket = f"OPS-{dice.randint(1, TICKETS + 1)}"  # one of them does not exist
    talk.call("jira", "search", {"query": dice.choice(("login", "export", "payment", "blank"))})
    yield week.think(5, 60)
    trace = f"{dice.getrandbits(128) | 1:032x}"
    asked = talk.call("jira", "get_ticket", {"key": ticket}, trace=trace)
    yield week.think(20, 120)
    if dice.random() < 0.3:
        yield from _delegated(week, trace, asked.span_id)
    for _ in range(dice.randint(5, 12)):
        chosen = dice.choice(("list", "read", "search", "info", "issues", "file", "think", "missing"))
        _look(talk, chosen, dice.randint(1, 60))
        yield week.think(4, 90)
        if chosen == "missing":  # mistyped, and typed again
            talk.call("files", "read_text_file", {"path": str(room / "docs" / "page-1.md")})
            yield week.think(3, 20)
    if has_annotated_git:
        repository = {"repo_path": str(week.here.room("git") / "repo")}
        for tool in ("git_status", "git_log", "git_diff_unstaged", "git_branch"):
            talk.call("git", tool, repository | ({"branch_type": "local"} if tool == "git_branch" else {}))
            yield week.think(3, 40)
    if dice.random() < 0.5:
        yield from _edit(week, talk, reviewer)
    if dice.random() < 0.6:
        yield from _held(
            week, talk, reviewer, ("jira", "add_comment", {"key": "OPS-7", "text": f"{talk.name} done"})
        )
    talk.end()


def _delegated(week: Week, trace: str, after: str) -> Activity:
    """An agent looks around under its own name for somebody whose call caused that."""
    talk = week.talk(TRIAGE, "for-a-person")
    for number in range(1, 5):
        talk.call("jira", "get_ticket", {"key": f"OPS-{number}"}, trace=trace, after=after)
        yield week.think(1, 5)
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


def _edit(week: Week, talk: Talk, reviewer: Person) -> Activity:
    page = week.here.room("files") / "drafts" / f"{talk.name}.md"
    yield from _held(
        week, talk, reviewer, ("files", "write_file", {"path": str(page), "content": f"{talk.name}\n"})
    )
    talk.call("files", "read_text_file", {"path": str(page)})
    yield week.think(5, 30)


def _held(week: Week, talk: Talk, approver: Person, call: tuple[str, str, Facts]) -> Activity:
    """A write is held, somebody looks at it, and the same call goes through."""
    server, tool, arguments = call
    talk.call(server, tool, arguments)
    yield week.think(30, 700)
    talk.call(server, tool, arguments, by=approver)
    yield week.think(5, 60)


def support(week: Week, who: Person) -> Activity:
    """Customers are looked up, their addresses come back redacted, tickets are answered."""
    talk, dice = week.talk(who, "support"), week.random
    for _ in range(dice.randint(3, 6)):
        talk.call("crm", "find_customer", {"name": dice.choice(("Kim", "Robin", "Kim", "Robin", "Sascha"))})
        yield week.think(10, 90)
        talk.call("jira", "get_ticket", {"key": f"OPS-{dice.randint(1, TICKETS)}"})
        yield week.think(20, 200)
        if dice.random() < 0.3:
            talk.call("web", "fetch_page", {"url": "https://docs.example.com/guide"})
            yield week.think(10, 60)
    note = {"key": f"OPS-{dice.randint(1, TICKETS)}", "text": f"answered in {talk.name}"}
    if dice.random() < 0.7:
        talk.call("jira", "add_comment", note, by=ALICE if who is CAROL else CAROL)
        yield week.think(10, 60)
    if dice.random() < 0.2:
        yield from _held(week, talk, FRANK, ("crm", "update_contact", {"name": "Kim", "plan": "team"}))
    talk.end()


def wrong_scope(week: Week, who: Person, *, steps_up: bool = False) -> Activity:
    """Somebody tries what their token does not allow, once; asks a colleague, or for a token that does."""
    talk = week.talk(who, "misstep")
    talk.call("github", "list_issues")
    yield week.think(20, 60)
    issue = {"title": "Invoice shows the wrong year"}
    talk.call("github", "create_issue", issue)
    yield week.think(60, 200)
    if steps_up:
        talk.who = replace(who, may=who.may | {"github": "rw"})
        talk.forget("github")
        talk.call("github", "create_issue", issue, by=DAVE)
        yield week.think(5, 60)
    talk.call("jira", "search", {"query": "invoice"})
    yield week.think(5, 9)
    talk.end()


def after_lunch(week: Week, who: Person) -> Activity:
    """A token ends while its owner is away; the first call is refused, the next comes with a new one."""
    brief = replace(who, ttl_s=3600.0)
    talk = week.talk(brief, "lunch")
    talk.call("github", "list_issues")
    yield 3600.0 + week.think(60, 1800)
    talk.call("github", "list_issues")
    yield week.think(2, 8)
    talk.forget("github")
    talk.call("github", "list_issues")
    yield week.think(5, 60)
    talk.end()


def analysis(week: Week) -> Activity:
    """Queries of a server that says nothing of its tools: each counts as a write and carries an approval."""
    talk, dice = week.talk(ERIN, "analysis"), week.random
    talk.call("sqlite", "list_tables", by=DAVE)
    yield week.think(20, 60)
    for number in range(dice.randint(3, 7)):
        query = f"SELECT {number} + {dice.randint(1, 99)} AS total"
        talk.call("sqlite", "read_query", {"query": query}, by=DAVE)
        yield week.think(30, 240)
        talk.call("everything", "get-sum", {"a": number, "b": dice.randint(1, 99)})
        yield week.think(5, 40)
    zones = {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Europe/Berlin"}
    talk.call("time", "convert_time", zones)
    yield week.think(5, 40)
    talk.call("notes", "append", {"text": f"figures of {talk.name}"}, by=ALICE)
    yield week.think(5, 9)
    talk.end()


def security_reading(week: Week) -> Activity:
    """Somebody reads about attacks: their words, and keys that open nothing."""
    talk, room = week.talk(FRANK, "reading"), week.here.room("files")
    for page in ("prompt-injection.md", "page-3.md", "example-keys.md", "page-4.md"):
        talk.call("files", "read_text_file", {"path": str(room / "docs" / page)})
        yield week.think(60, 300)
    talk.end()


def emergency(week: Week) -> Activity:
    """The account with all scopes, used in one night, for a few reads and one approved write."""
    talk = week.talk(EMERGENCY, "emergency")
    for _ in range(4):
        talk.call("github", "list_issues")
        yield week.think(30, 120)
    talk.call("jira", "transition", {"key": "OPS-3", "status": "blocked"}, by=DAVE)
    yield week.think(30, 120)
    talk.end()
