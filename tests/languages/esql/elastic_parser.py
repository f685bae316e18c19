"""Elastic's own ES|QL parser as a judge of syntax, where somebody has built it: a tool, no part of this tree.

$MCPSOAR_ESQL_PARSER names an ES module that exports `Parser` (package `esql` of elastic/esql-js, bundled); it
runs under `node`.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

_SCRIPT = """
const { Parser } = await import(process.argv[1]);
let given = "";
for await (const part of process.stdin) given += part;
const messages = (query) => Parser.parse(query).errors.map((one) => one.message);
console.log(JSON.stringify(JSON.parse(given).map(messages)));
"""


def complaints(module: Path, queries: Sequence[str]) -> list[list[str]]:
    """What the parser holds against each query; nothing where it accepts one.

    Raises CalledProcessError where node cannot run the module.
    """
    done = subprocess.run(
        ["node", "--input-type=module", "-e", _SCRIPT, module.resolve().as_uri()],
        input=json.dumps(list(queries)),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answers: list[list[str]] = json.loads(done.stdout)
    return answers
