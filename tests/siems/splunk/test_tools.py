"""The tools of the trade read the pack: AppInspect and ksconf, where the machine has them.

AppInspect's licence is proprietary: neither is a dependency. MCPSOAR_APPINSPECT and MCPSOAR_KSCONF name their
programs, such as those of virtual environments with splunk-appinspect 4.3 and ksconf 0.13.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from mcpsoar.siems import splunk
from mcpsoar.siems.in_splunk import conf
from tests.siems.splunk import built

APPINSPECT, KSCONF = os.environ.get("MCPSOAR_APPINSPECT"), os.environ.get("MCPSOAR_KSCONF")
MEANT = {"check_for_gratuitous_cron_scheduling", "check_collections_conf"}  # explained in the README


@pytest.mark.skipif(not APPINSPECT, reason="MCPSOAR_APPINSPECT names no program")
@pytest.mark.parametrize("tags", [[], ["--included-tags", "cloud"]], ids=["precert", "cloud"])
@pytest.mark.parametrize("app", ["mcpsoar", "TA-mcpsoar"])
def test_appinspect_finds_no_error_and_no_failure(app: str, tags: list[str], tmp_path: Path) -> None:
    (made,) = [file for file in splunk.make().files(built.content()) if file.path.startswith(f"{app}-")]
    package, report = tmp_path / made.path, tmp_path / "report.json"
    package.write_bytes(made.content)
    asked = ["--mode", "precert", *tags, "--data-format", "json", "--output-file", str(report)]
    subprocess.run(
        [str(APPINSPECT), "inspect", str(package), *asked], capture_output=True, check=False, timeout=100
    )
    said = json.loads(report.read_text())
    summary = said["summary"]
    checks = [check for one in said["reports"] for group in one["groups"] for check in group["checks"]]
    wrong = [
        (check["name"], [message["message"] for message in check["messages"]])
        for check in checks
        if check["result"] in ("error", "failure", "future_failure")
    ]
    assert wrong == []
    assert (summary["error"], summary["failure"], summary["future_failure"]) == (0, 0, 0)
    assert summary["success"] > 50
    assert {check["name"] for check in checks if check["result"] == "warning"} <= MEANT


@pytest.mark.skipif(not KSCONF, reason="MCPSOAR_KSCONF names no program")
def test_ksconf_reads_every_conf_file_as_we_do(tmp_path: Path) -> None:
    built.written(tmp_path, built.files())
    paths = sorted(tmp_path.rglob("*.conf"))
    subprocess.run([str(KSCONF), "check", *map(str, paths)], capture_output=True, check=True, timeout=100)
    for path in paths:
        again = subprocess.run(
            [str(KSCONF), "merge", "--target", str(tmp_path / "again.conf"), str(path)],
            capture_output=True,
            check=True,
            timeout=100,
        )
        assert again.returncode == 0
        merged = conf.stanzas((tmp_path / "again.conf").read_text())
        assert merged == conf.stanzas(path.read_text())
        (tmp_path / "again.conf").unlink()
