"""The generic connector's profile is read whole before anything is sent; a mistake has its line."""

import re
from pathlib import Path

import pytest

from mcpsoar.app.settings import Asked, load
from mcpsoar.connectors.http import OPTIONS, connect
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import Binding
from mcpsoar.kit.clock import SystemClock

ONE = """\
[profiles.p.registry]
connector = "http"
url = "https://plane.example.com/api"
names = { github = "17" }
headers = { X-Tenant = "emea" }
[profiles.p.registry.actions."registry.disable"]
unknown = { status = 404, pointer = "/error", is = "none" }
[profiles.p.registry.actions."registry.disable".look]
path = "servers/{server}"
query = { view = "full" }
in_force = { pointer = "/state", is = "off" }
not_in_force = [
  { pointer = "/state", is = "on" },
  { any = [{ pointer = "/paused", null = true }, { pointer = "/paused", is = false }] },
]
[profiles.p.registry.actions."registry.disable".do]
method = "POST"
path = "servers/{server}/disable"
body = { reason = "contained", who = ["{server}"] }
done = { status = [200, 204], pointer = "/ok", is = true }
[profiles.p.registry.actions."registry.disable".undo]
method = "POST"
path = "servers/{server}/enable"
"""
LIST = """\
[profiles.p.tokens]
connector = "http"
url = "https://plane.example.com/api"
[profiles.p.tokens.actions."tokens.revoke".look]
path = "servers/{server}/tokens"
items = "/tokens"
id = "/id"
whole = true
keep = ["ours"]
not_in_force = { pointer = "/active", is = true }
[profiles.p.tokens.actions."tokens.revoke".do]
method = "DELETE"
path = "tokens/{item}"
gone = { status = 404 }
"""
MISTAKES = {
    # what stands there, what is written instead, the words of the complaint
    "no actions": ('actions."registry.disable"', 'action."registry.disable"', "unknown key 'action'"),
    "an action unquoted": ('actions."registry.disable"', "actions.registry.disable", "is no action"),
    "no table": ('{ status = 404, pointer = "/error", is = "none" }', "404", "unknown is a table"),
    "an unknown key": ('reason = "contained"', 'reason = "x" }\nboody = { a = "b"', "'boody' means nothing"),
    "an unknown key far off": ("query = {", "zzz = 1\nquery = {", "'zzz' means nothing in look; known are"),
    "no method": ('method = "POST"\npath = "servers/{server}/enable"', 'path = "x"', "undo lacks method"),
    "a method of reading": ('method = "POST"', 'method = "GET"', "one of POST, PUT, PATCH, DELETE"),
    "a method in lower case": ('method = "POST"', 'method = "post"', "one of POST, PUT, PATCH, DELETE"),
    "a look that changes": ("query = {", 'method = "POST"\nquery = {', "a look changes nothing"),
    "no path": ('path = "servers/{server}"', "", "look lacks path"),
    "a path that climbs": ('path = "servers/{server}"', 'path = "a/../b"', "must be a path such as"),
    "an address as path": ('path = "servers/{server}"', 'path = "https://x.example.com"', "must be a path"),
    "a path with a query": ('path = "servers/{server}"', 'path = "a?b=c"', "a query is a table of its own"),
    "a path encoded": ('path = "servers/{server}"', 'path = "a%20b"', "it is encoded here"),
    "a path of two lines": ('path = "servers/{server}"', r'path = "a\nb"', "must be a path such as"),
    "another place": ('path = "servers/{server}"', 'path = "{name}"', "a brace is part of {server}"),
    "half a brace": ('path = "servers/{server}"', 'path = "{server"', "a brace is part of {server}"),
    "an item without a list": ("servers/{server}/disable", "servers/{item}", "a brace is part of {server}"),
    "a query of numbers": ('{ view = "full" }', "{ view = 1 }", "view is a text"),
    "a place in a query": ('{ view = "full" }', '{ view = "{me}" }', "a brace is part of"),
    "a body as text": ('{ reason = "contained", who = ["{server}"] }', "'{}'", "body is a table"),
    "a place in a key": ("who =", '"{server}" =', "holds no braces"),
    "a place in a body": ('"contained"', '"for {why}"', "a brace is part of"),
    "a time in a body": ('"contained"', "2026-01-01", "write a time as a text"),
    "no number": ('"contained"', "nan", "JSON has no such number"),
    "no pointer": (
        '{ pointer = "/state", is = "off" }',
        '{ is = "off" }',
        "a condition is a pointer with one",
    ),
    "no comparison": ('{ pointer = "/state", is = "off" }', '{ pointer = "/s" }', "a pointer with one"),
    "two comparisons": ('is = "off"', 'is = "off", null = true', "a condition is a pointer with one"),
    "a pointer without /": ('pointer = "/state", is = "off"', 'pointer = "s", is = 1', "must begin with /"),
    "a pointer with ~": ('pointer = "/state", is = "off"', 'pointer = "/~s", is = 1', "~ is written ~0"),
    "a list for one": ('is = "off"', 'one_of = "off"', "one_of is a list of values"),
    "an empty list": ('is = "off"', "holds = []", "holds is a list of values"),
    "a word for a truth": ('is = "off"', 'null = "yes"', "null is true or false"),
    "a status of a look": ('is = "off"', 'is = "off", status = 200', "'status' means nothing"),
    "any with more": ("{ any = [{", '{ pointer = "/x", any = [{', "any is a list of conditions, and stands"),
    "any of none": (
        '[{ pointer = "/paused", null = true }, { pointer = "/paused", is = false }]',
        "[]",
        "any is a list of conditions",
    ),
    "a promise as success": ("[200, 204]", "[200, 202]", "status is one of 200, 201, 204"),
    "a status as text": ("[200, 204]", '"200"', "status is one of"),
    "a status that is true": ("[200, 204]", "true", "status is one of"),
    "a refusal as unknown": ("status = 404", "status = 403", "status is one of 200, 400, 404"),
    "no in_force": ('in_force = { pointer = "/state", is = "off" }', "", "look lacks in_force"),
    "of one, as of a list": (
        "query = {",
        'of = { pointer = "/a", is = 1 }\nquery = {',
        "is of a look at a list",
    ),
    "facts as text": ("query = {", 'facts = "/a"\nquery = {', "facts is a list of texts"),
    "facts without /": ("query = {", 'facts = ["a"]\nquery = {', "must begin with /"),
    "gone of one": ("done = {", "gone = { status = 404 }\ndone = {", "'gone' means nothing"),
    "names as list": ('{ github = "17" }', '["17"]', "names is a table"),
    "names of numbers": ('{ github = "17" }', "{ github = 17 }", "github is a text"),
    "a name of nothing": ('{ github = "17" }', '{ github = "" }', "github is called something"),
    "a header of ours": ('X-Tenant = "emea"', 'Host = "a"', "'Host' is no header that can be set"),
    "the token's header": ('X-Tenant = "emea"', 'authorization = "a"', "is no header that can be set"),
    "a header of two lines": ('"emea"', r'"a\r\nb: c"', "is no header that can be set"),
    "two schemes": ("names = {", 'scheme = "A B"\nnames = {', "a scheme is one word"),
    "a header of no name": ("names = {", 'header = "a b"\nnames = {', "a header is named as X-Api-Key"),
    "a header that is taken": ("names = {", 'header = "Content-Type"\nnames = {', "is named as X-Api-Key"),
    # of a list
    "no id": ('id = "/id"', "", "look lacks id"),
    "no next, not whole": ("whole = true", "", "says how its next page is found (next), or whole = true"),
    "next and whole": ('id = "/id"', 'id = "/id"\nnext = { pointer = "/n" }', "how its next page is found"),
    "next without pointer": ("whole = true", 'next = { query = "c" }', "next lacks pointer"),
    "no not_in_force": ('not_in_force = { pointer = "/active", is = true }', "", "look lacks not_in_force"),
    "facts of a list": ('id = "/id"', 'id = "/id"\nfacts = ["/a"]', "is of a look at one object"),
    "keep without each": ("tokens/{item}", "tokens", "keep needs a do for each entry"),
    "an item in the look": ("servers/{server}/tokens", "servers/{item}", "a brace is part of {server}"),
    "an undo of a list": ("method", 'x = 1\n[profiles.p.tokens.actions."tokens.revoke".undo]\nmethod', "'x'"),
}
# where a table lacks something, its first line is told; else the line that was changed
_LOOK = '[profiles.p.registry.actions."registry.disable".look]'
_LIST = '[profiles.p.tokens.actions."tokens.revoke".look]'
ELSEWHERE = {
    "no actions": "[profiles.p.registry]",
    "any with more": "not_in_force = [",
    "any of none": "not_in_force = [",
    "an unknown key": "boody",
    "no method": '[profiles.p.registry.actions."registry.disable".undo]',
    "no path": _LOOK,
    "no in_force": _LOOK,
    "no id": _LIST,
    "no next, not whole": _LIST,
    "facts of a list": "facts",
    "next and whole": _LIST,
    "no not_in_force": _LIST,
    "keep without each": "keep",
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "mcpsoar.toml"


def binding(config: Path, toml: str) -> Binding:
    config.write_text(toml)
    (found,) = load(Asked(config=str(config)), {}).profile.roles.values()
    return found


@pytest.mark.parametrize("toml", [ONE, LIST])
def test_what_is_right_connects(config: Path, toml: str) -> None:
    made = connect(binding(config, toml), clock=SystemClock())
    assert len(made.actions) == 1
    made.close()


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_line(config: Path, name: str) -> None:
    old, new, words = MISTAKES[name]
    toml = ONE if old in ONE and "whole = true" not in old else LIST
    assert old in toml
    changed = toml.replace(old, new, 1)
    with pytest.raises(Usage, match=re.escape(words)) as caught:
        binding(config, changed)
    assert caught.value.where is not None
    path, _, line = caught.value.where.rpartition(":")
    assert path == str(config)
    said = changed.splitlines()[int(line) - 1]
    assert said.startswith(ELSEWHERE.get(name, changed.splitlines()[toml[: toml.index(old)].count("\n")]))


def test_what_a_list_did_has_no_undo(config: Path) -> None:
    undo = '[profiles.p.tokens.actions."tokens.revoke".undo]\nmethod = "POST"\npath = "tokens/{server}"\n'
    with pytest.raises(Usage, match="has no undo") as caught:
        binding(config, LIST + undo)
    assert caught.value.where == f"{config}:15"


def test_gone_is_of_entries(config: Path) -> None:
    with pytest.raises(Usage, match="gone needs a do for each entry"):
        binding(config, LIST.replace("tokens/{item}", "tokens").replace('keep = ["ours"]\n', ""))


def test_the_line_is_the_one_of_the_condition(config: Path) -> None:
    with pytest.raises(Usage, match="must begin with /") as caught:
        binding(config, ONE.replace('"/paused", is', '"paused", is'))
    assert caught.value.where == f"{config}:12", "where a list of several lines begins"


def test_a_role_without_actions_says_so(config: Path) -> None:
    with pytest.raises(Usage, match="lacks actions") as caught:
        binding(config, ONE.partition("[profiles.p.registry.actions")[0])
    assert caught.value.where == f"{config}:1"


def test_a_binding_that_no_file_named_is_checked_too() -> None:
    with pytest.raises(Usage, match="lacks do"):
        connect(
            Binding("http", "https://a.example.com", options={"actions": {"a.b": {}}}), clock=SystemClock()
        )


def test_every_option_is_told() -> None:
    import mcpsoar.connectors.http as module

    assert module.__doc__ is not None
    assert not [name for name in OPTIONS if f"`{name}`" not in module.__doc__]
