"""What still stops a token that outlives its revocation, in the words of a report."""

ENTRY = "the registry entry"  # where a gateway asks it
INTROSPECTION = "introspection at each call"  # where the server asks so
KEY = "a new signing key"  # of the issuer: it ends all tokens of it
BY_HAND = "by_hand"  # in an observation's facts: what a person does where no resume can change it


def stopped_by(*ways: str) -> str:
    """Said after the token."""
    return f"(what still stops it: {', '.join(ways)})"
