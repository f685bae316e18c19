"""A detection asked of raw events twice: as ES|QL of the documents that they become, and as SQL."""

from collections.abc import Sequence
from functools import cache

from sqlglot import exp, parse_one

from mcpsoar.core.content import DetectionText
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Unsupported
from mcpsoar.detect.detection import Detection, parse
from mcpsoar.pack import detections
from mcpsoar.targets.es import detection, paths
from mcpsoar.targets.es.detection import Asked
from tests.languages.esql import Index, run
from tests.laws import contract_reading as contract
from tests.targets.es import ground

COLUMNS = ground.columns()
TEXTS = {text.id: text for text in detections.load(ground.ROOT)}
EVERY = Asked(start_ms=0, end_ms=4_102_444_800_000, raw=True)
RECEIVED = 1_000_000_000_000  # the first of a log; the others a millisecond apart, in their order
Match = tuple[str, int, str]


@cache
def parsed(name: str) -> Detection:
    return parse(TEXTS[name], COLUMNS)


@cache
def said(name: str, asked: Asked = EVERY) -> str:
    """The query. Raises Unsupported."""
    return detection.query(TEXTS[name], parsed(name).tree, COLUMNS, asked)


@cache
def converted() -> tuple[str, ...]:
    """The detections that ES|QL can say."""
    return tuple(name for name in sorted(TEXTS) if not refusal(TEXTS[name]))


def refusal(text: DetectionText) -> str:
    """Why it cannot say one, or nothing."""
    try:
        said(text.id)
    except Unsupported as error:
        return error.message
    return ""


def stream(name: str, events: Sequence[Facts]) -> dict[str, Index]:
    """The documents that these events become, stored last received first."""
    read = {column.name for column in parsed(name).tree.find_all(exp.Column)}
    read |= {"event_time", "ingest_time", "event_id"}
    derived = [column.derived for column in COLUMNS if column.name in read and column.derived]
    read |= {one.name for sql in derived for one in parse_one(sql, dialect="duckdb").find_all(exp.Column)}
    columns = [column for column in COLUMNS if column.name in read]
    documents = []
    for place, event in enumerate(events):
        document = ground.stored(event, place, columns) | {paths.RECEIVED: RECEIVED + place}
        if paths.TIME in document:
            documents.append(document)
    return {ground.STREAM: Index(ground.mapping(columns), documents[::-1])}


def matches(name: str, events: Sequence[Facts], asked: Asked = EVERY, *, now_ms: int = 0) -> list[Match]:
    """What the query gives, as the engine's own answers are told."""
    rows = run(said(name, asked), stream(name, events), now_ms=now_ms)
    return sorted(
        (row["event.id"] or "", contract.moment(row["@timestamp"]), row["subject"] or "") for row in rows
    )
