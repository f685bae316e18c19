"""`github`: issues, files and pull requests of one small repository."""

import json

from mcpsoar.lab.served import Served, bad_request


def build() -> Served:
    served = Served("github", "Issues, files and pull requests of example/payments.")
    issues = [
        {"number": 1, "title": "Login is slow on Mondays", "state": "open"},
        {"number": 2, "title": "Invoice shows the wrong year", "state": "open"},
    ]
    files = {
        "README.md": "# payments\n\nTakes money, gives receipts.\n",
        "deploy.toml": 'region = "eu"\nreplicas = 3\n',
    }
    merged: list[int] = []
    branches = ["main", "next", "spike"]

    @served.tool(reads=True)
    async def list_issues() -> str:
        """List the issues of the repository."""
        return json.dumps(issues)

    @served.tool(reads=True)
    async def get_file(path: str) -> str:
        """Read one file of the main branch."""
        if path not in files:
            raise bad_request("no such file")
        return files[path]

    @served.tool()
    async def create_issue(title: str, body: str = "") -> str:
        """Open an issue."""
        issue = {"number": len(issues) + 1, "title": title, "state": "open"}
        issues.append({**issue, "body": body} if body else issue)
        return json.dumps(issue)

    @served.tool()
    async def merge_pull_request(number: int) -> str:
        """Merge a pull request into the main branch."""
        merged.append(number)
        return f"pull request {number} is merged"

    @served.tool(destroys=True)
    async def delete_branch(name: str) -> str:
        """Delete a branch for good."""
        if name not in branches:
            raise bad_request("no such branch")
        branches.remove(name)
        return f"branch {name} is gone"

    return served
