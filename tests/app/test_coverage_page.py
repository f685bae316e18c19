"""The page of coverage: whole by itself, its text never markup, and shown by a real browser."""

import base64
import hashlib
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mcpsoar.app.coverage import covered
from mcpsoar.app.coverage_page import page

ROOT = Path(__file__).resolve().parents[2]
NOW_MS = 1_795_795_200_000  # 2026-11-27
HOSTILE = '"><img src=x onerror=alert(1)><script>document.title = 1</script> <b onclick=a'
_VOID = {"meta", "br"}


class Read(HTMLParser):
    """Elements in their order, whether each was closed, and every text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def own() -> str:
    return page(covered(ROOT, now_ms=NOW_MS))


@pytest.fixture
def hostile(tmp_path: Path) -> str:
    """The page of a pack whose rule and whose log source are called what an attacker would call them."""
    for name in ("sigma_rules", "sql"):
        shutil.copytree(ROOT / name, tmp_path / name)
    rule = tmp_path / "sigma_rules" / "tool" / "very_large_output.yml"
    quoted = HOSTILE.replace("'", "''")
    rule.write_text(re.sub(r"title: .*", lambda _: f"title: '{quoted}'", rule.read_text(), count=1))
    coverage = tmp_path / "sql" / "coverage.yml"
    coverage.write_text(coverage.read_text().replace("title: ToolHive audit", f"title: '{quoted}'"))
    return page(covered(tmp_path, now_ms=NOW_MS))


def test_the_page_fetches_nothing_and_runs_nothing(own: str) -> None:
    read = Read(own)
    assert not {"script", "img", "link", "iframe", "form", "object"} & {tag for tag, _ in read.tags}
    for _, attrs in read.tags:
        assert not [name for name in attrs if name.startswith("on") or name in ("style", "src")]
        assert (attrs.get("href") or "#").startswith("#")
    (policy,) = [attrs["content"] for _, attrs in read.tags if "http-equiv" in attrs]
    style = re.search("<style>(.*?)</style>", own, re.DOTALL)
    assert style
    assert "url(" not in style[1]
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == (f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")


def test_tables_say_what_their_cells_belong_to(own: str) -> None:
    read = Read(own)
    heads = [attrs.get("scope") for tag, attrs in read.tags if tag == "th"]
    assert set(heads) == {"col", "row"}
    tables = sum(tag == "table" for tag, _ in read.tags)
    assert tables == sum(tag == "caption" for tag, _ in read.tags) == 7
    anchors = {(attrs["href"] or "")[1:] for tag, attrs in read.tags if tag == "a"}
    assert anchors == {attrs.get("id") for tag, attrs in read.tags if tag == "section"}
    assert ("html", {"lang": "en"}) in read.tags
    assert sum(attrs.get("tabindex") == "0" for _, attrs in read.tags) == tables  # scrolled without a mouse


def test_all_content_and_every_blind_spot_is_on_it(own: str) -> None:
    texts = " ".join(Read(own).texts)
    for word in (
        "foreign_token_accepted",
        "manifest_flip_flop",
        "quarantine-ratio",
        "AML.T0110",
        "readOnlyHint",
    ):
        assert word in texts


def test_hostile_names_are_text_and_nothing_else(own: str, hostile: str) -> None:
    read = Read(hostile)
    assert {tag for tag, _ in read.tags} == {tag for tag, _ in Read(own).tags}
    assert [text for text in read.texts if HOSTILE in text]


def test_a_real_browser_shows_it_styled_and_complains_of_nothing(hostile: str, tmp_path: Path) -> None:
    """Live: it needs Debian's chromium."""
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    path = tmp_path / "coverage.html"
    path.write_text(hostile)
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync --enable-logging=stderr --dump-dom"
    )
    done = subprocess.run(
        [browser, *flags.split(), f"--user-data-dir={tmp_path / 'profile'}", path.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    assert done.stdout.count("<table") == 7
    assert "<title>mcpsoar: coverage</title>" in done.stdout
    assert "<img" not in done.stdout
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert not said  # what the policy refuses, it says there
