"""`python -m corpora record [NAME...]` records the corpora anew; `check` compares files and manifest."""

import argparse
import sys
from pathlib import Path

from corpora import manifest
from corpora.recording import record
from mcpsoar.core.errors import Trouble


def main() -> int:
    """0 well, 1 a file is not what the manifest says, 2 usage or a server that cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m corpora", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="play and write; all of them where none is named")
    recording.add_argument("names", nargs="*", metavar="NAME", help="benign, or the name of an attack")
    recording.add_argument("--cache", type=Path, help="where real servers are installed")
    commands.add_parser("check", help="compare the files with the manifest")
    given = parser.parse_args()
    if given.command == "record":
        try:
            record(given.names, cache=given.cache, say=lambda line: print(line, file=sys.stderr, flush=True))
        except Trouble as trouble:
            print(trouble, file=sys.stderr)
            return 2
    found = manifest.faults()
    print("\n".join(found) or f"{len(manifest.load())} corpora are as the manifest says")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
