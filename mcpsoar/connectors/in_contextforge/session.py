"""A login of ContextForge as a credential: asked for when it is needed, again when it has run out."""

import threading

from mcpsoar.core.digest import Json
from mcpsoar.core.errors import Denied, Indeterminate, Malformed, Trouble, Unreachable
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Binding
from mcpsoar.core.secret import Secret
from mcpsoar.kit.credentials import masked
from mcpsoar.kit.http import Edge

_NEW_S = 10.0


class Session:
    """`kit.credentials.Bearer`: an e-mail with each password of the binding, in order. Threads share it."""

    def __init__(self, binding: Binding, e_mail: str, *, clock: Clock, timeout_s: float) -> None:
        self._edge = Edge(binding.base_url, None, network=binding.network, clock=clock, timeout_s=timeout_s)
        self._clock = clock
        self._e_mail = e_mail
        self._passwords = binding.tokens
        self._known: tuple[Secret, ...] = binding.tokens
        self._token: Secret | None = None
        self._since = 0.0
        self._lock = threading.Lock()

    @property
    def current(self) -> Secret | None:
        """Raises Denied (no password is taken), Unreachable, Unsupported (there is no login)."""
        with self._lock:
            if self._token is None:
                self._token = self._log_in()
                self._since = self._clock.monotonic()
                self._known = (*self._known, self._token)
            return self._token

    @property
    def most(self) -> int:
        return 2  # one that ran out, and the one after it

    def refused(self, token: Secret | None, status: int) -> bool:
        """A session that has run out (401) is replaced; of a new one, a refusal is the plane's last word."""
        with self._lock:
            if token is not self._token:
                return True
            if status != 401 or self._clock.monotonic() - self._since < _NEW_S:
                return False
            self._token = None
            return True

    def masked(self, value: Json) -> Json:
        for secret in self._known:
            value = masked(value, secret)
        return value

    def close(self) -> None:
        self._edge.close()

    def _log_in(self) -> Secret:
        refused: Trouble = Denied("a login needs a password: name it as the token", where=self._edge.where)
        for password in self._passwords:
            asked = {"email": self._e_mail, "password": password.reveal()}
            try:
                reply = self._edge.find("v1", "auth", "login", absent=lambda *_: False, body=asked)
            except Denied as trouble:
                refused = trouble
                continue
            except (Indeterminate, Malformed) as trouble:
                raise Unreachable(f"no login: {trouble.message}", where=trouble.where) from None
            body = reply.body if reply else None
            text = body.get("access_token") if isinstance(body, dict) else None
            if not isinstance(text, str) or not text:
                raise Malformed("the login gives no access_token", where=self._edge.where)
            return Secret(text)
        raise Denied(f"no login: {refused.message}", where=self._edge.where)
