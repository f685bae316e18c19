"""A Splunk of saved searches, macros, views and collections, as its REST API is documented.

Splunk Enterprise 9.4, REST API Reference Manual: "Search endpoint descriptions" (saved/searches),
"Knowledge endpoint descriptions" (data/ui/views), "Configuration endpoint descriptions" (configs/conf-*),
"KV store endpoint descriptions"; REST API User Manual, "Access Control List", "Using the REST API reference"
(count, offset, output_mode), "Namespace". Seen in the field: an ACL wants owner and sharing together,
booleans come back rewritten, every object has keys that nobody said.
"""

import re
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.siems.faults import Faults

TOKEN = "splunk-token-that-nobody-may-see"
KINDS = (
    "saved/searches",
    "configs/conf-macros",
    "configs/conf-props",
    "configs/conf-transforms",
    "storage/collections/config",
    "data/ui/views",
)
# names that a conf file has and the endpoint of saved searches refuses
_CONF_NAMES = ("enableSched", "counttype", "relation", "quantity")
_BOOLEANS = ("disabled", "is_scheduled", "alert.suppress", "alert.track", "realtime_schedule")
_DEFAULTS: dict[str, str] = {
    "disabled": "0",
    "is_scheduled": "0",
    "alert.severity": "3",
    "alert.suppress": "0",
    "alert.track": "auto",
    "actions": "",
    "dispatch.ttl": "2p",
    "alert_type": "always",
}


@dataclass
class Thing:
    content: dict[str, str]
    app: str
    owner: str = "nobody"
    sharing: str = "app"
    perms: dict[str, list[str]] | None = None
    removable: bool = True


@dataclass
class FakeSplunk:
    """`things` by kind and name. With `private`, what is made is one user's own until it is shared."""

    app: str = "mcpsoar"
    private: bool = False
    most: int = 30  # objects a page, whatever is asked for
    things: dict[tuple[str, str], Thing] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)

    def asgi(self) -> Starlette:
        async def answer(request: Request) -> Response:
            return await self.faults.through(request, self._answered)

        return Starlette(routes=[Route("/{rest:path}", answer, methods=["GET", "POST", "DELETE"])])

    def held(self) -> Any:
        """All that it holds, for `hold` to put back."""
        return deepcopy(self.things)

    def hold(self, held: Any) -> None:
        self.things = deepcopy(held)

    def there(self) -> dict[tuple[str, str], dict[str, str]]:
        return {
            key: thing.content | {"owner": thing.owner, "sharing": thing.sharing}
            for key, thing in self.things.items()
        }

    def edit(self, kind: str, name: str, **content: str) -> None:
        """What a person does in the browser."""
        self.things[kind, name].content |= {key.replace("__", "."): value for key, value in content.items()}

    async def _answered(self, request: Request) -> Response:
        if request.headers.get("authorization") not in (f"Bearer {TOKEN}", f"Splunk {TOKEN}"):
            return _said(401, "call not properly authenticated")
        parts = request.scope["raw_path"].decode().partition("?")[0].strip("/").split("/")
        if request.query_params.get("output_mode") != "json":
            return Response('<?xml version="1.0"?><feed/>', media_type="text/xml")
        if parts[:2] != ["servicesNS", "nobody"] or len(parts) < 4:
            return Response("<html>no such page</html>", 404)
        if parts[2] != self.app:
            return _said(404, f"Application does not exist: {parts[2]}")
        for kind in KINDS:
            at = 3 + kind.count("/") + 1
            if "/".join(parts[3:at]) == kind:
                return await self._kind(request, kind, parts[at:])
        return _said(404, "Not Found")

    async def _kind(self, request: Request, kind: str, rest: list[str]) -> Response:
        from urllib.parse import unquote

        form = {key: str(value) for key, value in (await request.form()).items()}
        if not rest:
            return self._listed(request, kind) if request.method == "GET" else self._created(kind, form)
        name = unquote(rest[0])
        if (kind, name) not in self.things:
            return _said(404, f"Could not find object id={name}")
        thing = self.things[kind, name]
        if request.method == "DELETE":
            if not thing.removable:
                return _said(400, f"Object id={name} cannot be deleted in config={kind}.")
            del self.things[kind, name]
            return JSONResponse({"entry": [], "messages": []})
        if request.method == "POST":
            return self._shared(kind, name, form) if rest[1:] == ["acl"] else self._updated(kind, name, form)
        return JSONResponse({"entry": [self._entry(kind, name)], "messages": []})

    def _listed(self, request: Request, kind: str) -> Response:
        count = int(request.query_params.get("count", "30"))
        offset = int(request.query_params.get("offset", "0"))
        names = sorted(name for one, name in self.things if one == kind)
        page = names[offset : offset + min(count or len(names), self.most)]
        paging = {"total": len(names), "perPage": self.most, "offset": offset}
        entries = [self._entry(kind, name) for name in page]
        return JSONResponse({"entry": entries, "paging": paging, "messages": []})

    def _created(self, kind: str, form: dict[str, str]) -> Response:
        name = form.pop("name", "")
        if not name:
            return _said(400, "The following required arguments are missing: name.")
        if (kind, name) in self.things:
            return _said(409, f"Unable to create: an object named {name!r} already exists.")
        if refused := self._refused(kind, form):
            return refused
        thing = Thing({}, self.app)
        if self.private:
            thing.owner, thing.sharing = "svc", "user"
        thing.content |= _acted(_DEFAULTS | form) if kind == "saved/searches" else form
        self.things[kind, name] = thing
        return JSONResponse({"entry": [self._entry(kind, name)], "messages": []}, 201)

    def _updated(self, kind: str, name: str, form: dict[str, str]) -> Response:
        if "name" in form:
            return _said(400, 'Argument "name" is not supported by this handler.')
        if refused := self._refused(kind, form):
            return refused
        self.things[kind, name].content |= _acted(form) if kind == "saved/searches" else form
        return JSONResponse({"entry": [self._entry(kind, name)], "messages": []})

    def _refused(self, kind: str, form: dict[str, str]) -> Response | None:
        for key in form:
            if key.startswith("acl.") or (kind == "saved/searches" and key in _CONF_NAMES):
                return _said(400, f'Argument "{key}" is not supported by this handler.')
        if "| nosuchcommand" in form.get("search", ""):
            return _said(400, "Unknown search command 'nosuchcommand'.")
        return None

    def _shared(self, kind: str, name: str, form: dict[str, str]) -> Response:
        if not form.get("owner") or not form.get("sharing"):
            return _said(400, "Cannot change the ACL: owner and sharing are both needed.")
        thing = self.things[kind, name]
        thing.owner, thing.sharing = form["owner"], form["sharing"]
        thing.perms = {
            key: form[f"perms.{key}"].split(",") for key in ("read", "write") if f"perms.{key}" in form
        }
        return JSONResponse({"entry": [self._entry(kind, name)], "messages": []})

    def _entry(self, kind: str, name: str) -> dict[str, Any]:
        thing = self.things[kind, name]
        content: dict[str, Any] = {key: _rewritten(key, value) for key, value in thing.content.items()}
        content |= {"eai:acl": None, "eai:appName": thing.app, "eai:userName": "nobody"}
        if kind == "saved/searches":
            content |= {"next_scheduled_time": "2026-03-01 10:00:00 UTC", "qualifiedSearch": "search x"}
        acl = {
            "app": thing.app,
            "owner": thing.owner,
            "sharing": thing.sharing,
            "perms": thing.perms,
            "removable": thing.removable,
        }
        return {"name": name, "id": f"https://splunk/{kind}/{name}", "acl": acl, "content": content}


def _acted(form: dict[str, str]) -> dict[str, str]:
    """`action.NAME` is read-only and ignored; the list `actions` switches."""
    said = {key: value for key, value in form.items() if not re.fullmatch(r"action\.[^.]+", key)}
    return said | {f"action.{name}": "1" for name in form.get("actions", "").split(",") if name}


def _rewritten(key: str, value: str) -> Any:
    if key in _BOOLEANS and value.lower() in ("1", "true", "0", "false"):
        return value.lower() in ("1", "true")
    if value.lower() in ("true", "false"):
        return "1" if value.lower() == "true" else "0"
    return value.replace("\n", "\r\n") if key == "search" else value


def _said(status: int, text: str) -> Response:
    return JSONResponse({"messages": [{"type": "ERROR", "text": text}]}, status)
