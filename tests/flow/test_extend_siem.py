"""A SIEM from outside is one file in a package of its own: the shared suite and `mcpsoar pack` run it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.lab.serving import serving
from tests.flow.ground import ROOT
from tests.siems import fake_acme
from tests.siems.fake_acme import FakeAcme

PLUG_IN = '''"""Acme's SIEM: one saved query for each rule, in a room."""

import json

from mcpsoar.core.errors import Malformed, Usage
from mcpsoar.kit.mapping import MappingKey
from mcpsoar.kit.options import seconds
from mcpsoar.kit.patient import Patient
from mcpsoar.siems.deploy.live import Found, Traits
from mcpsoar.siems.objects import BuildOption, Item, PackFile

DEPTH = BuildOption("depth", "how far back a query looks.", choices=("day", "week"), default="day")
TABLE = BuildOption("table", "the table that holds the events.", metavar="TABLE")
FEED = MappingKey("feed", "[a-z]+", "feed is Acme's, a word such as gateway")


def make():
    return Acme()


class Acme:
    comment = "-- {}"
    build_options = (TABLE, DEPTH)
    mapping_keys = (FEED,)
    profile_keys = ("room", "timeout_s")
    addresses = ()

    def files(self, content):
        for item in self.items(content):
            yield PackFile(f"queries/{item.name}.json", json.dumps(item.body, sort_keys=True).encode())

    def items(self, content):
        feed = content.mapping.own.get(FEED.name, "") if content.mapping else ""
        table = content.options.of(TABLE) or feed or "mcp"
        depth = content.options.of(DEPTH)
        bodies = {rule.id: f"{table} since 1 {depth} | rule {rule.id}" for rule in content.rules}
        return tuple(Item("query", name, {"name": name, "text": text}) for name, text in bodies.items())

    def checks(self, cases, content):
        return iter(())

    def connect(self, binding, *, clock):
        return Connected(binding, clock)


class Connected:
    kinds = {"query": Traits(is_once="enabled".__eq__, switches=frozenset({"enabled"}))}

    def __init__(self, binding, clock):
        room = binding.options.get("room")
        if not isinstance(room, str):
            raise Usage("room is a name, and needed", where=binding.where)
        timeout_s = seconds(binding, "timeout_s", 5.0)
        self._edge = Patient(binding.base_url, binding.token, clock=clock, timeout_s=timeout_s)
        self._at = ("rooms", room, "queries")
        self.place = f"{self._edge.base_url} room {room}"

    def canonical(self, item):
        return item

    def look(self, items):
        seen = {(item.kind, item.name): self.one(item) for item in items}
        return {key: found for key, found in seen.items() if found is not None}

    def one(self, item):
        reply = self._edge.find(*self._at, item.name, absent=is_absent)
        if reply is None:
            return None
        if not isinstance(reply.body, dict):
            raise Malformed("the answer is no query", where=self._edge.where)
        return Found({key: value for key, value in reply.body.items() if key != "revision"})

    def create(self, item):
        self._edge.change("PUT", *self._at, item.name, body=item.body)

    def change(self, item, change, found):
        self._edge.change("PATCH", *self._at, item.name, body=change.keys | dict.fromkeys(change.unset))

    def delete(self, item, found):
        self._edge.change("DELETE", *self._at, item.name)

    def ask(self, query):
        return []

    def close(self):
        self._edge.close()


def is_absent(status, said):
    return status == 404 and isinstance(said, dict) and said.get("error") == "no such query"
'''
PROOF = '''"""The shared suite on it."""

import pytest

from mcpsoar.core.profile import Binding
from mcpsoar.core.secret import Secret
from mcpsoar.lab.serving import serving
from mcpsoar.siems.objects import Item
from tests.contract.siem_suite import SiemSuite
from tests.siems import fake_acme
from tests.siems.site import Site

OLD = {"writes": "mcp | rule a", "gone": "mcp | rule b", "kept": "mcp | rule c"}
NEW = {"writes": "mcp | rule A", "kept": "mcp | rule c", "more": "mcp | rule d"}


def pack(texts):
    return tuple(Item("query", name, {"name": name, "text": text}) for name, text in texts.items())


class TestAcme(SiemSuite):
    @pytest.fixture
    def site(self, tmp_path):
        fake = fake_acme.FakeAcme()
        with serving(fake.asgi()) as url:
            binding = Binding("acme", url, Secret(fake_acme.TOKEN), {"room": "soc"})
            yield Site("acme", binding, pack(OLD), pack(NEW), tmp_path / "home", fake, fake.edit)
'''
MAPPING = "name: example-gateway\nfeed: gateway\nsourcetype: example:gateway\nfields: {event_time: ts}\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """An installed package, as pip would leave it."""
    site = tmp_path / "site"
    info = site / "acme_siem-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "acme_siem.py").write_text(PLUG_IN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-siem\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mcpsoar.siems]\nacme = acme_siem\n")
    return site


@pytest.fixture
def server() -> Iterator[tuple[FakeAcme, str]]:
    fake = FakeAcme()
    with serving(fake.asgi()) as url:
        yield fake, url


def ran(words: list[str], package: Path, **env: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(package), str(ROOT)])
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path, **env},
        cwd=package.parent,
    )


def proven(package: Path, *words: str) -> subprocess.CompletedProcess[str]:
    proof = package.parent / "test_acme.py"
    proof.write_text(PROOF)
    return ran(["-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", *words, str(proof)], package)


def test_one_file_from_outside_passes_the_shared_suite(package: Path) -> None:
    done = proven(package)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert " passed" in done.stdout


@pytest.mark.parametrize(
    ("line", "wrong", "test"),
    [
        ('said.get("error") == "no such query"', "True", "fails"),
        ('default="day"', 'default="month"', "own"),
        ('"queries/{item.name}.json"', '"../{item.name}.json"', "bytes"),
        ('"DELETE", *self._at, item.name', '"DELETE", *self._at, item.name + "x"', "upgrade"),
    ],
)
def test_one_file_from_outside_that_is_wrong_is_found_by_the_shared_suite(
    package: Path, line: str, wrong: str, test: str
) -> None:
    source = package / "acme_siem.py"
    text = source.read_text()
    assert line in text
    source.write_text(text.replace(line, wrong))
    done = proven(package, "-x", "-k", test)
    assert done.returncode == 1, done.stdout[-3000:]


def test_its_own_option_and_key_are_on_the_command_line_and_in_a_mapping(package: Path) -> None:
    told = ran(["-m", "mcpsoar", "pack", "build", "--help"], package).stdout
    assert "--table TABLE" in told
    assert "Acme: the table that holds the events." in told
    assert "--depth [day|week]" in told
    assert "--tier [basic|platinum|enterprise]" in told
    (package.parent / "mapping.yml").write_text(MAPPING)
    build = ["-m", "mcpsoar", "pack", "build", "acme", "-o", "out"]
    for words, start in (
        ([], "mcp since 1 day"),
        (["--table", "audit", "--depth", "week"], "audit since 1 week"),
        (["--mapping", "mapping.yml"], "gateway since 1 day"),
    ):
        done = ran([*build, *words], package)
        assert done.returncode == 0, done.stderr
        texts = [json.loads(path.read_text())["text"] for path in (package.parent / "out/queries").iterdir()]
        assert len(texts) > 20
        assert all(text.startswith(start) for text in texts)
    assert ran([*build, "--depth", "month"], package).returncode == 2
    for words in (["--cluster", "eu"], ["--space", "soc"]):
        refused = ran([*build, *words], package)
        assert (refused.returncode, "is for elastic; acme has none" in refused.stderr) == (2, True)
    refused = ran(["-m", "mcpsoar", "pack", "build", "splunk", "-o", "x", "--table", "t"], package)
    assert (refused.returncode, "--table is for acme; splunk has none" in refused.stderr) == (2, True)


def test_a_scan_reads_the_mapping_that_has_its_key(package: Path, tmp_path: Path) -> None:
    log, mapping = tmp_path / "log.ndjson", tmp_path / "mapping.yml"
    log.write_text('{"ts": "2026-11-28T10:00:00Z"}\n')
    mapping.write_text(MAPPING)
    words = ["-m", "mcpsoar", "rules", "scan", str(log), "--mapping", str(mapping)]
    assert "feed" not in ran(words, package).stderr
    refused = ran(words, tmp_path)
    assert (refused.returncode, "mapping.yml:2: 'feed' means nothing here" in refused.stderr) == (2, True)


def test_plan_apply_and_drift_go_to_the_place_of_its_profile(
    package: Path, server: tuple[FakeAcme, str]
) -> None:
    fake, url = server
    config = package.parent / "mcpsoar.toml"
    config.write_text(f'[profiles.p.acme]\nurl = "{url}"\ntoken = {{ env = "T" }}\nroom = "soc"\n')

    def pack(*words: str) -> tuple[int, str]:
        done = ran(
            ["-m", "mcpsoar", "pack", words[0], "acme", "--home", "home", *words[1:]],
            package,
            T=fake_acme.TOKEN,
        )
        assert fake_acme.TOKEN not in done.stdout + done.stderr
        return done.returncode, done.stdout + done.stderr

    code, told = pack("plan", "--table", "audit")
    assert code == 0, told
    assert f"on {url} room soc" in told
    assert "--table audit --plan sha256:" in told
    assert fake.queries == {}
    assert pack("apply", "--table", "audit", "-q")[0] == 0
    assert len(fake.queries) > 20
    assert all(query["text"].startswith("audit since 1 day") for query in fake.queries.values())
    assert pack("drift", "--table", "audit")[0] == 0
    code, told = pack("plan")
    assert (code, "last applied with --table audit; say them again" in told) == (2, True)
    name = fake.edit("an analyst's own")
    code, told = pack("drift", "--table", "audit")
    assert (code, "an analyst's own" in told) == (1, True)
    assert pack("apply", "--table", "audit", "--overwrite", name, "-q")[0] == 0
    assert pack("drift", "--table", "audit")[0] == 0
    config.write_text(config.read_text().replace("room", "rooom"))
    code, told = pack("plan", "--table", "audit")
    assert (code, "unknown key 'rooom'; known are url, token, room, timeout_s" in told) == (2, True)


def test_a_profile_with_a_table_for_it_still_contains(package: Path) -> None:
    config = package.parent / "mcpsoar.toml"
    config.write_text('[profiles.p]\napi = "http://127.0.0.1:9"\n[profiles.p.acme]\nroom = "soc"\n')
    words = ["-m", "mcpsoar", "contain", "github", "--dry-run", "--home", "home", "--config", str(config)]
    assert "unknown key" not in ran(words, package).stderr
    refused = ran(words, package.parent)
    assert (refused.returncode, "unknown key 'acme'" in refused.stderr) == (2, True)


def test_without_it_there_is_no_such_siem(package: Path) -> None:
    refused = ran(["-m", "mcpsoar", "pack", "build", "acme", "-o", "x"], package.parent)
    assert refused.returncode == 2
    assert "no siem named 'acme'; there are: elastic, splunk" in refused.stderr


def test_one_that_cannot_be_imported_stops_no_other(package: Path) -> None:
    source = package / "acme_siem.py"
    source.write_text("import nosuchmodule\n" + source.read_text())
    done = ran(["-m", "mcpsoar", "pack", "build", "--help"], package)
    assert (done.returncode, "--table" in done.stdout, "--tier" in done.stdout) == (0, False, True)
