"""Agents: what they read came from outside, what they write was approved."""

from corpora.benign.cast import ALICE, BOB, CAROL, DAVE, INDEX, RELEASE, RESEARCH, TRIAGE
from corpora.benign.people import TICKETS
from corpora.benign.talk import Activity, Plan

_SITE = "https://docs.example.com"


def research(plan: Plan, site: str, *, is_filed: bool) -> Activity:
    """Read pages, think, and end in a note that may be held first; `is_filed`: in the memory, too."""
    talk, dice = plan.talk(RESEARCH, "research"), plan.random
    trace = f"{dice.getrandbits(128) | 1:032x}"
    first = talk.call("web", "fetch_page", {"url": f"{_SITE}/guide"}, trace=trace)
    yield plan.think(3, 20)
    for number in range(dice.randint(2, 5)):
        address = f"{site}/page-{dice.randint(1, 30)}.html" if dice.random() < 0.93 else f"{site}/gone.html"
        said = talk.call(
            "fetch", "fetch", {"url": address, "raw": number > 0}, trace=trace, after=first.span_id
        )
        yield plan.think(3, 30)
        if said.kind == "error":
            talk.call("fetch", "fetch", {"url": address, "raw": number > 0}, trace=trace, after=first.span_id)
            yield plan.think(3, 30)
        thought = {"thought": f"page {number}", "nextThoughtNeeded": True, "thoughtNumber": number + 1}
        talk.call(
            "thinking", "sequentialthinking", thought | {"totalThoughts": 9}, trace=trace, after=said.span_id
        )
        yield plan.think(2, 9)
    summary = talk.call(
        "notes", "summarize", {"text": f"a guide, {talk.name}"}, trace=trace, after=first.span_id
    )
    yield plan.think(2, 9)
    note = {"text": f"read for {talk.name}"}
    if dice.random() < 0.2:
        talk.call("notes", "append", note, trace=trace, after=summary.span_id)
        yield plan.think(60, 800)
    talk.call("notes", "append", note, by=ALICE, trace=trace, after=summary.span_id)
    yield plan.think(5, 20)
    if is_filed:
        entity = {"name": talk.name, "entityType": "guide", "observations": ["read"]}
        talk.call("memory", "create_entities", {"entities": [entity]}, by=BOB)
        yield plan.think(5, 20)
    talk.end()


def triage(plan: Plan) -> Activity:
    """A search fans out into tickets, and one of them gets a comment."""
    talk, dice = plan.talk(TRIAGE, "triage"), plan.random
    trace = f"{dice.getrandbits(128) | 1:032x}"
    found = talk.call("jira", "search", {"query": dice.choice(("login", "export", "payment"))}, trace=trace)
    yield plan.think(1, 4)
    for _ in range(dice.randint(6, 13)):
        key = {"key": f"OPS-{dice.randint(1, TICKETS)}"}
        talk.call("jira", "get_ticket", key, trace=trace, after=found.span_id)
        yield plan.think(1, 6)
    talk.call("github", "list_issues", trace=trace, after=found.span_id)
    yield plan.think(1, 6)
    if dice.random() < 0.35:
        comment = {"key": f"OPS-{dice.randint(1, TICKETS)}", "text": f"sorted by {talk.name}"}
        talk.call("jira", "add_comment", comment, by=CAROL, trace=trace, after=found.span_id)
        yield plan.think(1, 6)
    talk.end()


def indexing(plan: Plan, site: str, *, rounds: int) -> Activity:
    """The night's walk over pages and files, each summarised, one note in the end."""
    talk = plan.talk(INDEX, "index")
    room = plan.here.room("files")
    for number in range(rounds):
        if number % 3 == 0:
            talk.call("fetch", "fetch", {"url": f"{site}/page-{number % 30 + 1}.html", "raw": True})
        elif number % 3 == 1:
            talk.call("files", "read_text_file", {"path": str(room / "docs" / f"page-{number % 60 + 1}.md")})
        else:
            talk.call("notes", "summarize", {"text": f"entry {number} of {talk.name}"})
        yield plan.think(8, 25)
    talk.call("notes", "append", {"text": f"{rounds} entries, {talk.name}"}, by=DAVE)
    yield 5.0
    talk.end()


def remembering(plan: Plan) -> Activity:
    """The memory is searched, and what was found out of date is corrected."""
    talk, dice = plan.talk(INDEX, "memory"), plan.random
    talk.call("memory", "read_graph")
    yield plan.think(4, 9)
    for _ in range(dice.randint(3, 6)):
        talk.call("memory", "search_nodes", {"query": dice.choice(("guide", "limit", "receipt"))})
        yield plan.think(4, 20)
    entity = {"name": talk.name, "entityType": "note", "observations": ["kept"]}
    talk.call("memory", "create_entities", {"entities": [entity]}, by=BOB)
    yield plan.think(4, 20)
    talk.call("memory", "delete_entities", {"entityNames": [talk.name]}, by=BOB)
    yield plan.think(4, 20)
    talk.end()


def release(plan: Plan, *, is_long: bool) -> Activity:
    """A chain of thoughts, each caused by the last one, and a merge that was approved."""
    talk, dice = plan.talk(RELEASE, "release"), plan.random
    trace, after = f"{dice.getrandbits(128) | 1:032x}", None
    for number in range(10 if is_long else 4):
        thought = {"thought": f"step {number}", "nextThoughtNeeded": True, "thoughtNumber": number + 1}
        said = talk.call(
            "thinking", "sequentialthinking", thought | {"totalThoughts": 10}, trace=trace, after=after
        )
        after = said.span_id
        yield plan.think(2, 20)
    talk.call("github", "list_issues")
    yield plan.think(2, 20)
    talk.call("git", "git_log", {"repo_path": str(plan.here.room("git") / "repo"), "max_count": 5})
    yield plan.think(2, 20)
    for _ in range(25):  # are the checks through?
        talk.call("github", "list_issues")
        yield 4.2
    pull = {"number": dice.randint(100, 999)}
    talk.call("github", "merge_pull_request", pull)
    yield plan.think(60, 600)
    talk.call("github", "merge_pull_request", pull, by=ALICE)
    yield plan.think(2, 20)
    talk.end()
