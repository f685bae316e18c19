"""A user's own fields in Elastic: a step of the ingest pipeline, or EVALs where events are stored already.

The step comes before the one that makes the normal form, and is exact, as it sees the event itself. EVALs see
what an index has kept. There a number in a field of type keyword is a text, one text is a list of one, an
empty list is nothing, and a value in another spelling of its path is a further value: what JSON told apart
they cannot. Each path is taken to be stored as the columns that read it are: texts, enumerations, lists and
words to translate as keyword, booleans as boolean, numbers as long or double.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column, Kind
from mcpsoar.kit import stored
from mcpsoar.kit.mapping import FieldMapping, Source
from mcpsoar.targets.es import fields, ingest, paths
from mcpsoar.targets.es.expression import Printer
from mcpsoar.targets.es.text import quoted

_TYPES = {Kind.BOOL: "boolean", Kind.INTEGER: "long", Kind.NUMBER: "double"}
_NULLS = {Kind.BOOL: "TO_BOOLEAN(null)", Kind.INTEGER: "TO_LONG(null)", Kind.NUMBER: "TO_DOUBLE(null)"}
_BLANKS = "".join(map(chr, stored.BLANKS))
_SPECIAL = frozenset(r".?+*|{}[]()\"#@&<>~^$-")  # page "Regular expression syntax", all its operators


def pipeline(columns: Sequence[Column], mapping: FieldMapping, *, kept: Sequence[str] = ()) -> dict[str, Any]:
    """The body of `PUT _ingest/pipeline/…` for events in a user's own words. Raises Unsupported."""
    step = {"script": {"source": _script(), "params": _params(mapping, ingest.staying(kept))}}
    return ingest.pipeline(columns, kept=kept, before=[step])


def evals(columns: Sequence[Column], wanted: Collection[str], mapping: FieldMapping) -> tuple[str, ...]:
    """`field = expression` in the order to compute them, as of `fields.evals`, from a user's own fields.

    Times are not among them: `@timestamp` is what they call so too. Raises Unsupported for a path that is
    read as two types, and for an expression that ES|QL cannot say.
    """
    trees = fields.derived(columns, wanted)
    needed = set(wanted) | {one.name for tree in trees.values() for one in tree.find_all(exp.Column)}
    given = [column for column in columns if column.name in needed and column.kind is not Kind.TIME]
    _check(given, mapping)
    set_ = {paths.of(column.name) for column in given}
    read = {path for column in given for path in _source(column, mapping).paths}
    copies = {path: f"theirs.{number}" for number, path in enumerate(sorted(read & set_))}
    printer = Printer(columns)
    said = {f"{paths.EMPTY_LISTS}": "TO_STRING(null)"}  # what has no elements is not stored
    said |= {copy: paths.quoted(path) for path, copy in copies.items()}
    own = {column.name: _own(column, _source(column, mapping), copies) for column in given}
    said |= {paths.of(column.name): own[column.name] for column in given if not column.derived}
    for column in given:
        if column.name in trees:
            made = printer.value(trees[column.name])
            said[paths.of(column.name)] = fields.whole(column, made, own[column.name])
    return tuple(f"{paths.quoted(path)} = {value}" for path, value in said.items())


def _source(column: Column, mapping: FieldMapping) -> Source:
    return mapping.fields.get(column.name, Source())


def _check(columns: Sequence[Column], mapping: FieldMapping) -> None:
    kinds: dict[str, str] = {}
    for column in columns:
        source = _source(column, mapping)
        kind = "keyword" if source.values else _TYPES.get(column.kind, "keyword")
        for path in source.paths:
            if kinds.setdefault(path, kind) != kind:
                raise Unsupported(f"{path} is read as {kinds[path]} and as {kind}, and is stored as one type")


def _own(column: Column, source: Source, copies: Mapping[str, str]) -> str:
    if source.constant is not None:
        text = source.constant
        return quoted(text) if isinstance(text, str) else str(text).lower()
    if not source.paths:
        return _NULLS.get(column.kind, "TO_STRING(null)")
    here = [copies.get(path, path) for path in source.paths]
    found = [_at(column, source, path) for path in here]
    pairs = [
        f"{_there(column, source, path)}, {one}" for path, one in zip(here[:-1], found[:-1], strict=True)
    ]
    return f"CASE({', '.join([*pairs, found[-1]])})" if pairs else found[-1]


def _there(column: Column, source: Source, path: str) -> str:
    is_set = f"{paths.quoted(path)} IS NOT NULL"
    if column.kind in _TYPES and not source.values:
        return is_set
    return f"{is_set} AND NOT COALESCE({fields.blank(path)}, false)"


def _at(column: Column, source: Source, path: str) -> str:
    if source.values:
        return _translated(column, source, path)
    if source.split:
        joined = f"MV_CONCAT(MV_SORT({paths.quoted(path)}), {quoted(source.split)})"
        at = _meant(source.split)
        piece = f"[^{at}]+"
        pieces = quoted(f"{piece}({at}{piece})*")
        is_filled = f"NOT COALESCE({fields.blank(path)}, false)"
        return f"CASE({is_filled} AND {joined} RLIKE {pieces}, SPLIT({joined}, {quoted(source.split)}))"
    return fields.normal(column, path)


def _translated(column: Column, source: Source, path: str) -> str:
    """Whatever the case of ASCII, which TO_LOWER would mix with that of other letters."""
    words: dict[str, list[str]] = {}
    for theirs, ours in source.values:
        words.setdefault(ours, []).append("".join(map(_either_case, theirs)))
    blanks = f"[{_BLANKS}]*"
    pairs = [
        f"{paths.quoted(path)} RLIKE {quoted(f'{blanks}({chr(124).join(some)}){blanks}')}, "
        f"{ours if column.kind is Kind.BOOL else quoted(ours)}"
        for ours, some in words.items()
    ]
    return f"CASE({', '.join(pairs)})"


def _either_case(char: str) -> str:
    return f"[{char.lower()}{char.upper()}]" if char.isalpha() else _meant(char)


def _meant(char: str) -> str:
    return f"\\{char}" if char in _SPECIAL else char


def _script() -> str:
    return "\n".join(map(ingest.script, ("values", "shape", "foreign")))


def _params(mapping: FieldMapping, kept: Collection[str]) -> dict[str, Any]:
    return {
        "blanks": list(stored.BLANKS),
        "deepest": ingest.DEEPEST,
        "fields": {name: _told(source) for name, source in mapping.fields.items()},
        "kept": list(kept),
    }


def _told(source: Source) -> Mapping[str, Any]:
    if source.constant is not None:
        return {"constant": source.constant}
    told: dict[str, Any] = {"paths": list(source.paths)}
    told |= {"values": dict(source.values)} if source.values else {}
    return told | ({"split": source.split} if source.split else {})
