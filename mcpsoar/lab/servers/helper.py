"""`helper`: made for a demo, never registered, still running."""

from mcpsoar.lab.served import Served


def build() -> Served:
    served = Served("helper", "A demo.")

    @served.tool(reads=True)
    async def run_demo() -> str:
        """Run the demo."""
        return "the demo has run"

    @served.tool(reads=True)
    async def search(query: str) -> str:
        """Search tickets by their summary."""
        return f"nothing is known of {query}"

    return served
