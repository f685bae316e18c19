"""Benign traffic: some hundreds of calls by several actors, look-alikes of attacks among them."""

from mcpsoar.lab.stage import ALICE, BOB, ONCALL, REPORTS, RESEARCH, Stage

_ROUNDS = 12


def benign(stage: Stage) -> int:
    """Play it all; the number of tool calls made. Everything here must keep rules and gates quiet."""
    before = stage.calls
    for number in range(_ROUNDS):
        _triage(stage, number)
        _reporting(stage, number)
        _research(stage, number)
        _polling(stage, number)
    _confirmed_write(stage)
    return stage.calls - before


def _triage(stage: Stage, number: int) -> None:
    """People read issues and tickets, and write with an approval that is bound to the very call."""
    talk = f"triage-{number}"
    stage.call(ALICE, "github", "list_issues", {}, conversation=talk)
    stage.call(ALICE, "github", "get_file", {"path": "README.md"}, conversation=talk)
    stage.call(BOB, "jira", "search", {"query": "login"}, conversation=talk)
    stage.call(BOB, "jira", "get_ticket", {"key": f"OPS-{number + 1}"}, conversation=talk)
    comment = {"key": f"OPS-{number + 1}", "text": "seen, on it"}
    stage.call(BOB, "jira", "add_comment", comment, conversation=talk, approved_by=ALICE.name)
    if number % 4 == 0:
        pull = {"number": 100 + number}
        stage.call(ALICE, "github", "merge_pull_request", pull, conversation=talk, approved_by=BOB.name)


def _reporting(stage: Stage, number: int) -> None:
    """A read-only service reads; customer records come back with their addresses redacted."""
    talk = f"report-{number}"
    for query in ("login", "payment", "export"):
        stage.call(REPORTS, "jira", "search", {"query": query}, conversation=talk)
    for name in ("Kim", "Robin"):
        stage.call(REPORTS, "crm", "find_customer", {"name": name}, conversation=talk)
    stage.call(REPORTS, "github", "list_issues", {}, conversation=talk)


def _research(stage: Stage, number: int) -> None:
    """Research that ends in a note: outside content came first, and the write was approved."""
    talk = f"research-{number}"
    page = {"url": "https://docs.example.com/guide"}
    first = stage.call(RESEARCH, "web", "fetch_page", page, conversation=talk, trace=(_trace(number), None))
    second = stage.call(
        RESEARCH,
        "notes",
        "summarize",
        {"text": "a guide"},
        conversation=talk,
        trace=(_trace(number), first.span_id),
    )
    note = {"text": f"guide read, number {number}"}
    stage.call(
        RESEARCH,
        "notes",
        "append",
        note,
        conversation=talk,
        trace=(_trace(number), second.span_id),
        approved_by=ALICE.name,
    )


def _polling(stage: Stage, number: int) -> None:
    """A bot that asks the same thing again and again, as bots do, in one conversation a run."""
    for _ in range(8):
        stage.call(ONCALL, "github", "list_issues", {}, conversation=f"poll-{number}")


def _confirmed_write(stage: Stage) -> None:
    """A write is held, somebody approves it, and the same call goes through."""
    issue = {"title": "Certificate expires next week"}
    stage.call(ONCALL, "github", "create_issue", issue, conversation="confirm")
    stage.call(ONCALL, "github", "create_issue", issue, conversation="confirm", approved_by=ALICE.name)


def _trace(number: int) -> str:
    return f"{number + 1:032x}"
