"""`mcpsoar pack`: options and words only."""

import os
from pathlib import Path

import click

from mcpsoar.app import packing
from mcpsoar.cli import show
from mcpsoar.cli.options import Common, common
from mcpsoar.cli.pack_selftest import selftest
from mcpsoar.cli.words import filled
from mcpsoar.pack.locate import locate
from mcpsoar.siems.asked import Options


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def pack() -> None:
    """Build what Splunk and Elastic import: rules, gates, fields and dashboards."""


pack.add_command(selftest)


@pack.command("build")
@click.argument("siem")
@click.option("-o", "--output", type=filled, required=True, metavar="DIR", help="Where the files go.")
@click.option("--overlay", type=filled, metavar="FILE", help="Your own tuning; see the pack's README.")
@click.option("--mapping", type=filled, metavar="FILE", help="What your own log calls the columns.")
@click.option("--index", type=filled, metavar="NAME", help="The index that holds the events.")
@click.option(
    "--tenant-field",
    type=filled,
    metavar="FIELD",
    help="Group, throttle and suppress by it first.",
)
@click.option("--space", type=filled, default="default", show_default=True, help="Kibana's space.")
@click.option("--cluster", type=filled, metavar="NAME", help="Elastic: a remote cluster to search.")
@click.option(
    "--tier",
    type=click.Choice(["basic", "platinum", "enterprise"]),
    default="basic",
    show_default=True,
    help="Elastic: what the licence allows.",
)
@common
def build(
    given: Common,
    *,
    siem: str,
    output: str,
    overlay: str | None,
    mapping: str | None,
    index: str | None,
    tenant_field: str | None,
    space: str,
    cluster: str | None,
    tier: str,
) -> None:
    """Write the pack of SIEM, splunk or elastic, to DIR.

    Nothing is sent anywhere; the same input gives the same bytes. What else is in DIR stays.
    """
    options = Options(index or "", tenant_field or "", space, cluster or "", tier)
    root = locate(given.pack, os.environ)
    files = packing.built(
        root,
        siem,
        options,
        tuning=Path(overlay) if overlay else None,
        mapping=Path(mapping) if mapping else None,
    )
    packing.write(files, Path(output))
    if given.is_json:
        written = [{"path": file.path, "bytes": len(file.content)} for file in files]
        show.document({"siem": siem, "directory": output, "files": written})
        return
    for file in files:
        show.line(show.clean(f"{output}/{file.path}"))
