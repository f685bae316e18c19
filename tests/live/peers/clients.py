"""An OAuth client of a token service, and the forms that it sends."""

from dataclasses import dataclass

import httpx

_ANSWER_S = 60


@dataclass(frozen=True, slots=True)
class Client:
    """Its id and its secret; `row` is what the service's own administration calls it."""

    id: str
    secret: str
    row: str = ""


def sent(url: str, client: Client, **form: str) -> httpx.Response:
    """The answer to a form from this client, whatever its status."""
    who = (client.id, client.secret)
    return httpx.post(url, data=form, auth=who, timeout=_ANSWER_S, trust_env=False)


def granted(url: str, client: Client, **form: str) -> str:
    """An access token by client credentials. Raises httpx.HTTPStatusError where it is refused."""
    answer = sent(url, client, grant_type="client_credentials", **form)
    token: str = answer.raise_for_status().json()["access_token"]
    return token
