"""`contain` against the three-curl script, over a control plane with 100 ms a call; and start-up.

    python benchmarks/contain.py [--rounds N] [--servers N]

Prints ratios; the aims stand beside them. The control plane runs in a process of its own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

DELAY_S = 0.1
_PLANE = """
import sys
from pathlib import Path
from mcpsoar.lab.serving import control_plane
names = [f"server-{n}" for n in range(int(sys.argv[2]))]
with control_plane(Path(sys.argv[1]), servers=names, page_size=200) as plane:
    plane.faults.delay_s = float(sys.argv[3])
    print(plane.url, plane.token, flush=True)
    sys.stdin.read()
"""
_SCRIPT = """
set -e
curl -sf -X POST -H "$AUTH" "$API/registry/$1/disable" >/dev/null
audience="{\\"audience\\":\\"$1\\"}"
curl -sf -X POST -H "$AUTH" -H 'Content-Type: application/json' -d "$audience" "$API/tokens/revoke" >/dev/null
curl -sf -X POST -H "$AUTH" "$API/policy/emergency-write-approval" >/dev/null
"""


@contextmanager
def plane(servers: int) -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as home:
        words = [sys.executable, "-c", _PLANE, home, str(servers), str(DELAY_S)]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url, token = process.stdout.readline().split()
            try:
                yield url, token
            finally:
                process.terminate()


def timed(words: list[str], env: dict[str, str]) -> tuple[float, str]:
    start = time.perf_counter()
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    took_s = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(
            f"{words[:3]} ended with {done.returncode}: {done.stderr[-500:]}{done.stdout[-500:]}"
        )
    return took_s, done.stdout


def contain(names: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Seconds until the last write was acknowledged, and until the verified report was there."""
    with tempfile.TemporaryDirectory() as home:
        begun = time.time()
        words = ["mcpsoar", "contain", *names, "-q", "--yes", "--format", "json", "--home", home]
        report_s, out = timed(words, env)
        said = json.loads(out)
        assert said["verdict"] == "contained", said
        journal = Path(said["journal"]["path"]).read_text().splitlines()
        ends = [
            datetime.fromisoformat(entry["at"]).timestamp()
            for line in journal
            for entry in json.loads(line)["entries"]
            if entry["kind"] == "effect"
        ]
        return max(ends) - begun, report_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--servers", type=int, default=100)
    asked = parser.parse_args()
    rounds, many = asked.rounds, asked.servers
    with plane(many + 2 * rounds) as (url, token):
        env = {**os.environ, "API": url, "AUTH": f"Authorization: Bearer {token}", "MCPSOAR_TOKEN": token}
        undo = ["curl", "-sf", "-X", "DELETE", "-H", env["AUTH"], f"{url}/policy/emergency-write-approval"]
        scripts, writes, reports = [], [], []
        for n in range(rounds):
            subprocess.run(undo, check=True, capture_output=True)
            scripts.append(timed(["bash", "-c", _SCRIPT, "contain.sh", f"server-{many + 2 * n}"], env)[0])
            subprocess.run(undo, check=True, capture_output=True)
            write_s, report_s = contain([f"server-{many + 2 * n + 1}"], env)
            writes.append(write_s)
            reports.append(report_s)
        script_s, one_s = statistics.median(scripts), statistics.median(reports)
        print(f"script, three curls          {script_s:.3f} s")
        print(
            f"contain, last write          {statistics.median(writes):.3f} s"
            f"   {statistics.median(writes) / script_s:.2f}x (aim 1.5x)"
        )
        print(f"contain, verified report     {one_s:.3f} s   {one_s / script_s:.2f}x (aim 2x)")
        subprocess.run(undo, check=True, capture_output=True)
        write_s, report_s = contain([f"server-{n}" for n in range(many)], env)
        print(f"contain, {many} servers        {report_s:.3f} s   {report_s / one_s:.1f}x of one (aim 15x)")
    env = {key: value for key, value in env.items() if key not in ("API", "MCPSOAR_API")}
    starts, imports = [], []
    with tempfile.TemporaryDirectory() as home:
        for _ in range(rounds):
            words = ["mcpsoar", "contain", "github", "--dry-run", "-q", "--home", home]
            starts.append(timed(words, env)[0])
            imports.append(timed([sys.executable, "-c", "import click, httpx"], env)[0])
    ratio = statistics.median(starts) / statistics.median(imports)
    print(
        f"contain --dry-run            {statistics.median(starts):.3f} s"
        f"   {ratio:.2f}x of import click, httpx ({statistics.median(imports):.3f} s)"
    )


if __name__ == "__main__":
    main()
