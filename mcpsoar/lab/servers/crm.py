"""`crm`: customer records. They hold personal data, and one of them an API key that somebody pasted in."""

import json

from mcpsoar.lab.served import Served, bad_request

# the example key of the provider's own documentation
_PASTED = "AKIAIOSFODNN7EXAMPLE"


def build() -> Served:
    served = Served("crm", "Customer records of the sales team.")
    customers = {
        "Kim": {"name": "Kim", "email": "kim@example.com", "phone": "+44 20 7946 0123", "plan": "team"},
        "Robin": {"name": "Robin", "email": "robin@example.org", "phone": "+44 20 7946 0456", "plan": "solo"},
        "Sasha": {"name": "Sasha", "plan": "team", "note": f"import job uses {_PASTED}, rotate it"},
    }

    @served.tool(reads=True)
    async def find_customer(name: str) -> str:
        """Find one customer by name."""
        if name not in customers:
            raise bad_request("no such customer")
        return json.dumps(customers[name])

    @served.tool(reads=True)
    async def export_contacts() -> str:
        """Export all customer records."""
        return json.dumps(list(customers.values()))

    @served.tool()
    async def update_contact(name: str, plan: str) -> str:
        """Change a customer's plan."""
        if name not in customers:
            raise bad_request("no such customer")
        customers[name]["plan"] = plan
        return f"{name} is on {plan}"

    return served
