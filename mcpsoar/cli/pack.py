"""`mcpsoar pack`: options and words only."""

import os
from pathlib import Path
from typing import Any

import click

from mcpsoar.app import packing
from mcpsoar.cli import pack_content, show
from mcpsoar.cli.options import Common, common
from mcpsoar.cli.pack_deploy import apply, drift, plan
from mcpsoar.cli.pack_selftest import selftest
from mcpsoar.cli.words import filled
from mcpsoar.pack.locate import locate


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def pack() -> None:
    """Build what Splunk and Elastic import: rules, gates, fields and dashboards."""


for command in (plan, apply, drift, selftest):
    pack.add_command(command)


@pack.command("build")
@click.argument("siem")
@click.option("-o", "--output", type=filled, required=True, metavar="DIR", help="Where the files go.")
@pack_content.content_options
@common
def build(given: Common, *, siem: str, output: str, **said: Any) -> None:
    """Write the pack of SIEM, such as splunk or elastic, to DIR.

    Nothing is sent anywhere; the same input gives the same bytes. What an earlier
    build wrote there and this one does not hold is taken away; what else is in DIR stays.
    """
    root = locate(given.pack, os.environ)
    options = pack_content.options(siem, said)
    files = packing.built(root, siem, options, **pack_content.files(said))
    for path in packing.write(files, Path(output)):
        show.talk(f"warning: {output}/{path} is of an earlier build, and somebody changed it: it stays")
    if given.is_json:
        written = [{"path": file.path, "bytes": len(file.content)} for file in files]
        show.document({"siem": siem, "directory": output, "files": written})
        return
    for file in files:
        show.line(show.clean(f"{output}/{file.path}"))
