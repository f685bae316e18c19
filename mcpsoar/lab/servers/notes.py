"""`notes`: a notebook that agents share."""

from mcpsoar.lab.served import Served


def build() -> Served:
    served = Served("notes", "A shared notebook.")
    notes: list[str] = []

    @served.tool(reads=True)
    async def summarize(text: str) -> str:
        """Summarize a text in its first words."""
        return " ".join(text.split()[:12])

    @served.tool()
    async def append(text: str) -> str:
        """Append a note to the notebook."""
        notes.append(text)
        return f"the notebook has {len(notes)} notes"

    @served.tool(reads=True)
    async def read_all() -> str:
        """Read the whole notebook."""
        return "\n".join(notes)

    @served.tool()
    async def remember(fact: str) -> str:
        """Keep a fact for later conversations."""
        notes.append(fact)
        return "kept"

    return served
