"""The stream of one query: what has been written so far, and the columns that its rows have now.

Every command that looks at several events is a STATS whose rows VALUES gathers and MV_EXPAND gives back.
INLINE STATS would say it shorter, but what it holds may be a thousandth of the heap at most
(elastic/elasticsearch#142288), so it is for one row for all alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from mcpsoar.targets.es import paths
from mcpsoar.targets.es.commands import assigned
from mcpsoar.targets.es.detection import packed
from mcpsoar.targets.es.detection.packed import OWN, Type
from mcpsoar.targets.es.text import quoted

TAB, LINE, MARK = map(quoted, (packed.TAB, packed.LINE, packed.END))
_TAKEN = (
    "row",
    "rows",
    "lines",
    "part",
    "before",
    "other",
    "span",
    "mark",
    "side",
    "alone",
)  # what commands name in between


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What STATS makes of a group, and its type."""

    text: str
    kind: Type


@dataclass(slots=True)
class Flow:
    """`types` are the columns; names in texts are quoted, in arguments they are not.

    `tenant` is the field, as ES|QL writes it, that every group begins with. `apart`, where there is one, is
    the column that tells which rows windows see; the others stay, each alone.
    """

    commands: list[str]
    types: dict[str, Type]
    tenant: str = ""
    apart: str = ""
    _named: set[str] = field(default_factory=set)

    def name(self, wanted: str) -> str:
        """A name that no column has or had."""
        bare = f"{wanted}_" if wanted.rstrip("0123456789") in _TAKEN else wanted
        made, count = bare, 1
        while made in self.types or made in self._named or made == self.tenant:
            count += 1
            made = f"{bare}_{count}"
        self._named.add(made)
        return made

    def eval(self, columns: Mapping[str, tuple[str, Type]]) -> None:
        told = [f"{paths.quoted(name)} = {text}" for name, (text, _) in columns.items()]
        self.commands.append(f"EVAL {assigned(told)}")
        self.types.update({name: kind for name, (_, kind) in columns.items()})

    def where(self, condition: str) -> None:
        self.commands.append(f"WHERE {condition}")

    def for_all(self, name: str, aggregate: Aggregate) -> None:
        """One value for all rows, or for all of a tenant."""
        by = f" BY {self.tenant}" if self.tenant else ""
        self.commands.append(f"INLINE STATS {paths.quoted(name)} = {aggregate.text}{by}")
        self.types[name] = aggregate.kind

    def gather(
        self,
        keys: Sequence[str],
        found: Mapping[str, Aggregate],
        kept: Collection[str],
        *,
        only: str = "",
        known: Sequence[str] = (),
    ) -> None:
        """Give every row what is found of all rows with its keys.

        `only` rows where that holds come back. What a row without one of the `known` keys is given, nobody
        asks: such rows stand alone, for together they might be more than fit into memory.
        """
        names = self.kept(keys, kept)
        row = packed.row(names, self.types)
        alone = " OR ".join(f"{paths.quoted(one)} IS NULL" for one in known)
        told = [f"row = {f'CASE({only}, {row})' if only else row}"]
        told += [f"alone = CASE({alone}, {packed.place()})"] if known else []
        self.commands.append(f"EVAL {assigned(told)}")
        by = [*keys, "alone"] if known else keys
        self.stats({"row": "VALUES(row)", **{one: of.text for one, of in found.items()}}, by)
        self.given_back(keys, names)
        self.types.update({name: of.kind for name, of in found.items()})

    def lagged(
        self, keys: Sequence[str], wanted: Mapping[str, tuple[str, int]], kept: Collection[str]
    ) -> None:
        """Give every row columns of rows before it, by time and key: name → (column, how many before)."""
        names = self.kept(keys, kept)
        held = sorted({column for column, _ in wanted.values()})
        kinds = {name: self.types[column] for name, (column, _) in wanted.items()}
        held_types = {column: self.types[column] for column in held}
        before = packed.row([one for one in held if one != "event_ms"], self.types)
        by = self.members(keys)
        self.commands.append(f"EVAL row = {packed.row(names, self.types)},\n    before = {before}")
        self.stats({"row": "VALUES(row)", "before": "VALUES(before)"}, by)
        sorts = [f'{one} = MV_SORT({one}, "DESC")' for one in ("row", "before")]
        self.commands.append(f"EVAL {assigned([*sorts, 'rows = MV_COUNT(row)'])}")
        counts = sorted({count for _, count in wanted.values()})
        zips = [
            f"row = CASE(rows > {count}, MV_ZIP(row, MV_SLICE(before, {count}, rows - 1), {LINE}), row)"
            for count in counts
        ]
        self.commands.append(f"EVAL {assigned(zips)}")
        self.given_back(keys, names, counts)
        places = {column: at for at, column in enumerate((one for one in held if one != "event_ms"), 2)}
        told = []
        for name, (column, count) in wanted.items():
            own = f"MV_SLICE(before{count}, {0 if column == 'event_ms' else places[column]})"
            value = f"TO_LONG({own})" if column == "event_ms" else packed.unpacked(own, held_types[column])
            told.append(f"{paths.quoted(name)} = {value}")
        self.commands.append(f"EVAL {assigned(told)}")
        self.types.update(kinds)

    def given_back(self, keys: Sequence[str], names: Sequence[str], before: Sequence[int] = ()) -> None:
        """Rows again, with their columns; `before3` the parts of the row three before, if any."""
        self.commands += ["MV_EXPAND row", "WHERE row IS NOT NULL"]
        if before:
            self.commands.append(f"EVAL lines = SPLIT(row, {LINE})")
            told = [f"part = SPLIT(MV_FIRST(lines), {TAB})"]
            told += [
                f"before{count} = SPLIT(CASE(MV_COUNT(lines) > {at}, MV_SLICE(lines, {at})), {TAB})"
                for at, count in enumerate(before, 1)
            ]
            self.commands.append(f"EVAL {assigned(told)}")
        else:
            self.commands.append(f"EVAL part = SPLIT(row, {TAB})")
        own = {"event_ms": "TO_LONG(MV_SLICE(part, 0))", "event_key": "MV_SLICE(part, 1)"}
        told = [f"{name} = {text}" for name, text in own.items() if name not in keys]
        told += packed.assigned(names, self.types, "part", 2)
        self.commands.append(f"EVAL {assigned(told)}")
        self.forget({*keys, *names, *OWN})

    def members(self, keys: Sequence[str]) -> list[str]:
        """The keys of a window, whose rows see no row that is no member."""
        if not self.apart:
            return list(keys)
        self.commands.append(f"EVAL alone = CASE(NOT {paths.quoted(self.apart)}, {packed.place()})")
        return [*keys, "alone"]

    def forget(self, kept: Collection[str]) -> None:
        """Have no column but these."""
        for name in [one for one in self.types if one not in kept]:
            del self.types[name]

    def kept(self, keys: Sequence[str], kept: Collection[str]) -> list[str]:
        return sorted(name for name in set(kept) - {*keys, *OWN} if name in self.types)

    def stats(self, found: Mapping[str, str], keys: Sequence[str]) -> None:
        told = assigned(f"{paths.quoted(name)} = {text}" for name, text in found.items())
        by = [*([self.tenant] if self.tenant else []), *map(paths.quoted, keys)]
        self.commands.append(f"STATS {told}" + (f"\n    BY {', '.join(by)}" if by else ""))
