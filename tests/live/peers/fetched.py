"""`python -m tests.live.peers.fetched`: fetches every peer, side by side, and says which are to be had.

Exit 0 whatever came of it: one that is not to be had is left out by its tests, with the same words.
"""

from concurrent.futures import ThreadPoolExecutor

from tests.live.peers import canaille, contextforge, keycloak, oidc_provider
from tests.targets import engines

_PEERS = {
    "ContextForge": contextforge.why_none,
    "PostgreSQL": engines.why_no_postgres,
    "oidc-provider": oidc_provider.why_none,
    "Canaille": canaille.why_none,
    "Keycloak": keycloak.why_none,
}


def main() -> None:
    """Print a line for each."""
    with ThreadPoolExecutor(len(_PEERS)) as pool:
        asked = {name: pool.submit(why_none) for name, why_none in _PEERS.items()}
    for name, answer in asked.items():
        why = answer.result()
        print(f"{name} is here" if why is None else f"not asked: {why}")  # noqa: T201 (its purpose)


if __name__ == "__main__":
    main()
