"""Splunk's REST API as deployment needs it, in the app of a profile.

    [profiles.prod.splunk]
    url = "https://splunk.example.com:8089"
    token = { env = "SPLUNK_TOKEN" }   # an authentication token; a session key with scheme = "Splunk"
    app = "mcpsoar"                    # it must be there
    owner = "nobody"                   # who owns what is made; with `sharing`, app or global

Sources: Splunk Enterprise 9.4, REST API Reference Manual (Search, Knowledge, Configuration and KV store
endpoints) and REST API User Manual (Access Control List). A write there goes to the app's `local`, so an app
that was installed as a package and is deployed to as well keeps what was deployed.
"""

from collections.abc import Mapping, Sequence

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Indeterminate, Malformed, Unsupported, Usage
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Binding
from mcpsoar.kit.body import form
from mcpsoar.kit.http import TIMEOUT_S
from mcpsoar.kit.options import seconds
from mcpsoar.kit.patient import Patient
from mcpsoar.siems.deploy.live import Change, Found, Traits
from mcpsoar.siems.in_splunk.spelling import ACL, OWNER, SHARING, is_on, is_said_once, spelt, with_actions
from mcpsoar.siems.objects import Item

_LIMIT_BYTES = 1 << 25  # a hundred saved searches of two hundred keys each
_PAGE = 100
_PAGES = 1000
_JSON = {"output_mode": "json"}
_LATE = frozenset(ACL)
_PLAIN = Traits(late=_LATE, can_unset=False)
_SEARCH = Traits(
    is_once=is_said_once,
    switches=frozenset({"disabled", "is_scheduled"}),
    is_on=is_on,
    late=_LATE,
    can_unset=False,
)


def connect(binding: Binding, *, clock: Clock) -> "Splunk":
    """Sends nothing yet. Raises Usage."""
    scheme = _word(binding, "scheme", "Bearer", ("Bearer", "Splunk"))
    edge = Patient(
        binding.base_url,
        binding.token,
        clock=clock,
        timeout_s=seconds(binding, "timeout_s", TIMEOUT_S),
        limit_bytes=_LIMIT_BYTES,
        scheme=scheme,
        reason=_reason,
    )
    acl = {
        OWNER: _word(binding, "owner", "nobody"),
        SHARING: _word(binding, "sharing", "app", ("app", "global")),
    }
    return Splunk(edge, _word(binding, "app", None), acl)


class Splunk:
    """`siems.deploy.live.Live`. An object is ours where it is shared in the app; a user's own is not seen."""

    kinds: Mapping[str, Traits] = {
        "storage/collections/config": Traits(late=_LATE, can_unset=False, holds_data=True),
        "configs/conf-props": _PLAIN,
        "configs/conf-transforms": _PLAIN,
        "configs/conf-macros": _PLAIN,
        "saved/searches": _SEARCH,
        "data/ui/views": _PLAIN,
    }

    def __init__(self, edge: Patient, app: str, acl: Mapping[str, str]) -> None:
        self._edge = edge
        self._app = app
        self._acl = acl
        self.place = f"{edge.base_url} app {app}"

    def canonical(self, item: Item) -> Item:
        if "/" in item.name:
            raise Unsupported(f"{item.kind} {item.name!r}: a name with a slash has no address in Splunk")
        return Item(item.kind, item.name, {**spelt(item.kind, item.body), **self._acl})

    def look(self, items: Sequence[Item]) -> Mapping[tuple[str, str], Found]:
        """One list for each kind: an app that is not there is told from one that is empty."""
        wanted = {(item.kind, item.name) for item in items}
        found: dict[tuple[str, str], Found] = {}
        for kind in dict.fromkeys(item.kind for item in items):
            for entry in self._entries(kind):
                key = (kind, str(entry["name"]))
                if key in wanted:
                    found[key] = _found(kind, entry)
        return found

    def one(self, item: Item) -> Found | None:
        reply = self._edge.find(*self._path(item.kind), item.name, absent=_is_absent, query=_JSON)
        if reply is None:
            return None
        entries = [entry for entry in self._listed(reply.body) if entry["name"] == item.name]
        return _found(item.kind, entries[0]) if entries else None

    def create(self, item: Item) -> None:
        """Two calls where it is made with another owner or sharing than asked for."""
        said = with_actions(item.body) if item.kind == "saved/searches" else item.body
        fields = {"name": item.name} | {key: value for key, value in said.items() if key not in ACL}
        reply = self._edge.change("POST", *self._path(item.kind), body=form(fields), query=_JSON)
        made = self._listed(reply.body)
        if not made or spelt(item.kind, _acl(made[0])) != self._acl:
            self._share(item, self._acl, made[0] if made else {})

    def change(self, item: Item, change: Change, found: Found) -> None:
        fields = {key: value for key, value in change.keys.items() if key not in ACL}
        if fields:
            path = (*self._path(item.kind), item.name)
            self._edge.change("POST", *path, body=form(fields), query=_JSON)
        if any(key in ACL for key in change.keys):
            self._share(item, {key: str(change.whole[key]) for key in ACL}, found.raw)

    def delete(self, item: Item, found: Found) -> None:  # noqa: ARG002 (the port's shape)
        self._edge.change("DELETE", *self._path(item.kind), item.name, query=_JSON)

    def ask(self, query: str) -> Sequence[Facts]:
        """The rows of a search that reads no index; the call waits for them (Search endpoints, exec_mode)."""
        said = form({"search": query, "exec_mode": "oneshot", "output_mode": "json"})
        path = ("servicesNS", "nobody", self._app, "search", "v2", "jobs")
        body = self._edge.change("POST", *path, body=said).body
        results = body.get("results") if isinstance(body, dict) else None
        if not isinstance(results, list) or not all(isinstance(row, dict) for row in results):
            raise Malformed("the answer has no list of results", where=self._edge.where)
        return results

    def close(self) -> None:
        self._edge.close()

    def _share(self, item: Item, acl: Mapping[str, str], entry: Facts) -> None:
        """Owner and sharing together: one alone is refused. Who may read and write stays as it is."""
        fields = {"owner": acl[OWNER], "sharing": acl[SHARING]}
        said = entry.get("acl")
        perms = said.get("perms") if isinstance(said, dict) else None
        for key in ("read", "write"):
            roles = perms.get(key) if isinstance(perms, dict) else None
            if isinstance(roles, list) and roles:
                fields[f"perms.{key}"] = ",".join(map(str, roles))
        path = (*self._path(item.kind), item.name, "acl")
        self._edge.change("POST", *path, body=form(fields), query=_JSON)

    def _entries(self, kind: str) -> list[Facts]:
        """Every object of a kind in our app, page by page."""
        entries: list[Facts] = []
        seen = 0
        for _ in range(_PAGES):
            query = _JSON | {"count": str(_PAGE), "offset": str(seen)}
            body = self._edge.read(*self._path(kind), query=query).body
            page = self._listed(body)
            entries += [entry for entry in page if _app(entry) == self._app]
            seen += len(page)
            paging = body.get("paging")
            total = paging.get("total") if isinstance(paging, dict) else None
            if not page or (isinstance(total, int) and seen >= total):
                return entries
        raise Indeterminate(f"the list of {kind} has no end", where=self._edge.where)

    def _listed(self, body: Json) -> list[Facts]:
        entries = body.get("entry") if isinstance(body, dict) else None
        if not isinstance(entries, list) or not all(_is_entry(entry) for entry in entries):
            raise Malformed("the answer has no list of entries", where=self._edge.where)
        return entries

    def _path(self, kind: str) -> tuple[str, ...]:
        return ("servicesNS", "nobody", self._app, *kind.split("/"))


def _found(kind: str, entry: Facts) -> Found:
    return Found(spelt(kind, {**entry["content"], **_acl(entry)}), entry)


def _acl(entry: Facts) -> Facts:
    said = entry.get("acl")
    acl = said if isinstance(said, dict) else {}
    return {OWNER: acl.get("owner"), SHARING: acl.get("sharing")}


def _app(entry: Facts) -> Json:
    said = entry.get("acl")
    return said.get("app") if isinstance(said, dict) else None


def _is_entry(entry: Json) -> bool:
    return isinstance(entry, dict) and "name" in entry and isinstance(entry.get("content"), dict)


def _is_absent(status: int, said: Json) -> bool:
    """Splunk's own 404: a proxy's or a wrong address's has no list of messages."""
    return status == 404 and isinstance(said, dict) and isinstance(said.get("messages"), list)


def _reason(said: Json) -> str:
    messages = said.get("messages") if isinstance(said, dict) else None
    texts = [one.get("text") for one in messages or () if isinstance(one, dict)]
    return "; ".join(text for text in texts if isinstance(text, str))


def _word(binding: Binding, name: str, default: str | None, allowed: tuple[str, ...] = ()) -> str:
    value = binding.options.get(name, default)
    if not isinstance(value, str) or not value or (allowed and value not in allowed):
        raise Usage(f"{name} is {' or '.join(allowed) or 'a name, and needed'}", where=binding.where)
    return value
