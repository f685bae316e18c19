"""A real OpenSearch node for tests: found or fetched, started on loopback, gone afterwards.

`$MCPSOAR_OPENSEARCH_HOME` is an installed OpenSearch, or a folder `lib` with its jars; else Maven fetches
them, as it is set up here, into `$MCPSOAR_LIVE_CACHE` or the user's cache folder. Nothing of it is in the
checkout. The node has no plugin but the modules that each distribution has.
"""

import json
import os
import selectors
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import platformdirs

from tests.live import loopback

VERSION = "2.19.6"  # the newest that runs on Java 17
_MODULES = ("analysis-common", "ingest-common", "lang-painless")
_CLIENTS = ("lang-mustache-client", "mapper-extras-client", "transport-netty4-client")
_START_S = 120


@dataclass(frozen=True, slots=True)
class Node:
    """A node that listens."""

    port: int

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON. Raises RuntimeError, with the answer, for a status of 400 and above."""
        text = json.dumps(body) if body is not None else None
        return loopback.sent(self.port, method, path, text, "application/json")

    def bulk(self, target: str, documents: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Any]:
        """Create documents by their ids; the answer to each, in their order. `target` may have options."""
        lines = [
            json.dumps(line) for name, document in documents for line in ({"create": {"_id": name}}, document)
        ]
        path = target.replace("?", "/_bulk?", 1) if "?" in target else f"{target}/_bulk"
        answer = loopback.sent(self.port, "POST", path, "\n".join([*lines, ""]), "application/x-ndjson")
        return [one["create"] for one in answer["items"]]


def why_none() -> str | None:
    """What is missing for a node here; None where nothing is."""
    if _java() is None:
        return "no Java: neither $JAVA_HOME nor java is here"
    if "MCPSOAR_OPENSEARCH_HOME" not in os.environ and not _fetched() and shutil.which("mvn") is None:
        return "no OpenSearch: neither $MCPSOAR_OPENSEARCH_HOME nor Maven is here"
    return None


@contextmanager
def running() -> Iterator[Node]:
    """A node with no data. Raises RuntimeError, with the end of its log, where it does not start."""
    java = _java()
    assert java is not None
    classes = os.pathsep.join(_classes())
    with tempfile.TemporaryDirectory(prefix="mcpsoar-os-") as folder, Path(folder, "log").open("w+") as log:
        command = [java, "-Xmx1g", "-cp", classes, str(Path(__file__).with_name("Node.java")), folder]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder
        )
        try:
            yield Node(_port(process, log))
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _port(process: "subprocess.Popen[str]", log: IO[str]) -> int:
    assert process.stdout is not None
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        while ready.select(_START_S):
            line = process.stdout.readline()
            if line.startswith("port "):
                return int(line.split()[1])
            if not line:
                break
    log.seek(0)
    raise RuntimeError(f"OpenSearch did not start:\n{log.read()[-2000:]}")


def _classes() -> list[str]:
    home = os.environ.get("MCPSOAR_OPENSEARCH_HOME")
    if home is None:
        return [str(one) for one in sorted((_fetched() or _fetch()).glob("*.jar"))]
    modules = [f"modules/{one.removesuffix('-client')}/*.jar" for one in (*_MODULES, *_CLIENTS)]
    return [str(one) for where in ("lib/*.jar", *modules) for one in sorted(Path(home).glob(where))]


def _folder() -> Path:
    cache = os.environ.get("MCPSOAR_LIVE_CACHE") or platformdirs.user_cache_dir("mcpsoar-live")
    return Path(cache) / f"opensearch-{VERSION}"


def _fetched() -> Path | None:
    """The folder of jars, once it is whole."""
    return _folder() if (_folder() / "whole").is_file() else None


def _fetch() -> Path:
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    names = [
        ("org.opensearch", "opensearch", VERSION),
        *(("org.opensearch.plugin", one, VERSION) for one in (*_MODULES, *_CLIENTS)),
        ("org.apache.logging.log4j", "log4j-core", "2.25.4"),
    ]
    listed = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId>"
        f"<version>{version}</version></dependency>"
        for group, name, version in names
    )
    (folder / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>live</groupId><artifactId>live</artifactId>"
        f"<version>1</version><dependencies>{listed}</dependencies></project>"
    )
    command = ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"Maven did not fetch OpenSearch:\n{done.stdout[-2000:]}")
    (folder / "whole").touch()
    return folder


def _java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else shutil.which("java")
