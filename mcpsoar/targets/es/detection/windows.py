"""The windows of one SELECT: each becomes a column of the stream.

ROW_NUMBER is asked for one place alone (`= 1`, `> 1`, `= 50`): the least texts of a partition tell it. LAG
and ROWS are rows put beside each other in their order. A COUNT that is only compared with numbers is none:
the n-th row before is within the window or not, and that costs a sort however many rows there are.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.es import paths
from mcpsoar.targets.es.detection import counts, frames, packed, pairs, places, spans
from mcpsoar.targets.es.detection.flow import Aggregate
from mcpsoar.targets.es.detection.packed import Type
from mcpsoar.targets.es.detection.pairs import Frame, Seen
from mcpsoar.targets.es.detection.relation import AGGREGATES, STREAM, is_number, names_in

if TYPE_CHECKING:
    from mcpsoar.targets.es.detection.statement import Statement

_BY_TIME, _BY_PLACE = ["event_ms"], ["event_ms", "event_key"]


class Windows:
    """Of this `select`, whose rows are `member`; with `keys` its rows are groups."""

    def __init__(
        self, of: "Statement", select: exp.Select, member: exp.Expr | None, keys: Sequence[exp.Expr] | None
    ) -> None:
        self.of, self.flow, self.words = of, of.flow, of.words
        self.select, self.member, self.keys = select, member, keys

    def said(self, windows: Sequence[exp.Window]) -> exp.Expr | None:
        """Replace each in the select by its column; what now makes a row of the stream a member."""
        whole = [one for one in windows if isinstance(one.this, exp.RowNumber) or not one.args.get("order")]
        seeing = [one for one in windows if one not in whole]
        if any(not one.args.get("partition_by") for one in windows):
            raise Unsupported("a window over all rows, which would have to stand in memory together")
        lags = [one for one in seeing if isinstance(one.this, exp.Lag) or frames.is_rows(one)]
        labels = [one for one in seeing if one not in lags and counts.is_label(self.of.todo, one)]
        if seeing and len(seeing) == len(lags) + len(labels) and self._is_read_again():
            self._apart()
        elif seeing:
            self._narrowed()
        for one in labels:
            self._label(one)
        for _, some in groupby(sorted(lags, key=frames.partition), key=frames.partition):
            self._lagged(list(some))
        times = [one for one in seeing if one not in (*lags, *labels)]
        for _, alike in groupby(sorted(times, key=frames.alike), key=frames.alike):
            self._timed(list(alike))
        self.flow.apart = ""
        for one in whole:
            self._whole(one)
        return self.member

    def _narrowed(self) -> None:
        """Leave out every row that the windows must not see; no other table can be read after that."""
        if self.keys is not None:
            raise Unsupported("rows of groups in an order")
        if self.member is not None:
            self.flow.where(self.words.value(self.member))
            self.member = None
        self.of.relations.clear()
        held = {one.name for one in self.select.find_all(exp.Column) if one.table == STREAM}
        self.of.extra = held
        for clause in ("where", "joins"):
            self.select.set(clause, None)
        self.of.todo[0] = self.select  # the rest of it is said
        read = {one.name for one in self.select.find_all(exp.Column)}
        for name, table in self.of.scope.tables.items():
            columns = dict(table.columns)
            for one, value in table.columns.items():
                if one in read and not isinstance(value, exp.Column):
                    columns[one] = exp.column(self.of.column(value, one))
            self.of.scope.tables[name] = type(table)(columns)

    def _is_read_again(self) -> bool:
        """Whether a table of before is read after this SELECT."""
        later = {one.name for tree in self.of.todo[1:] for one in tree.find_all(exp.Table)}
        return bool(later & set(self.of.relations))

    def _apart(self) -> None:
        """Keep the rows that the windows must not see, each alone."""
        if self.keys is not None:
            raise Unsupported("rows of groups in an order")
        if self.member is not None:
            held = exp.Coalesce(this=self.member.copy(), expressions=[exp.false()])
            self.flow.apart = self.of.column(held, "is_in")

    def _label(self, window: exp.Window) -> None:
        """A count that only ties rows to the one that was counted last: a text for that one does it too."""
        keys = self._partition(window)
        condition = self.of.read(window.this.this.args["ifs"][0].this)
        marked = self.of.column(condition, "is_counted")
        order = self.of.column(self.of.read(frames.order(window)[0]), "turn_ms")
        self.of.extra |= {*keys, marked, order}
        name = self._name(window)
        told = f"COALESCE({paths.quoted(marked)}, false)"
        spans.last_before(self.flow, keys, name, told, self.of.needed(), order=order)
        self.of.ties.append((condition, frozenset({*keys, name})))
        self._put(window, name)

    def _partition(self, window: exp.Window) -> list[str]:
        return list(
            dict.fromkeys(
                self.of.column(self.of.read(one), "within") for one in window.args.get("partition_by") or []
            )
        )

    def _put(self, window: exp.Window, name: str) -> None:
        self.of.extra.add(name)
        window.replace(exp.column(name, table=STREAM))

    def _name(self, window: exp.Window) -> str:
        alias = window.parent.alias if isinstance(window.parent, exp.Alias) else window.this.key
        return self.flow.name(alias)

    def _argument(self, value: exp.Expr, hint: str) -> str:
        return self.of.column(self.of.read(value), hint)

    def _whole(self, window: exp.Window) -> None:
        keys = self._partition(window)
        if not isinstance(window.this, exp.RowNumber):
            if self.keys is not None and not isinstance(window.this, exp.Min | exp.Max):
                raise Unsupported(f"{window.this.sql()} of groups")
            name = self._name(window)
            self.of.gather(keys, {name: self.of.aggregate(self.of.read(window.this), self.member)})
            self._put(window, name)
            return
        place = places.asked(window, self.of.todo, self.of.name)
        order = self._order(window)
        name, first = self._name(window), self.flow.name("foremost")
        own = f"CASE({self.words.condition(self.member)}, {order})" if self.member is not None else order
        found = f"MIN({own})" if place == 1 else f'TOP({own}, {place}, "asc")'
        if place > 1 and self.keys is not None:
            raise Unsupported("a place of groups other than the first")
        self.of.gather(keys, {first: Aggregate(found, Type.TEXT)})
        last = first if place == 1 else f"CASE(MV_COUNT({first}) == {place}, MV_MAX({first}))"
        self.flow.eval({name: (f"CASE({order} == {last}, {place}, {place + 1})", Type.WHOLE)})
        self.of.extra.discard(first)
        self.of.places |= {name: tuple(keys)} if place == 1 else {}
        self._put(window, name)

    def _order(self, window: exp.Window) -> str:
        ordered = frames.order(window)
        if [one.name for one in ordered] == _BY_PLACE and self.keys is None:
            return packed.place()
        read = [self.of.read(one) for one in ordered]
        for one in read:
            self.of.extra |= names_in(one)
        return packed.joined([packed.ordered(self.words.value(one), self.words.kind(one)) for one in read])

    def _lagged(self, windows: Sequence[exp.Window]) -> None:
        keys = self._partition(windows[0])
        wanted: dict[str, tuple[str, int]] = {}
        for one in windows:
            if [part.name for part in frames.order(one)] != _BY_PLACE:
                raise Unsupported("LAG in another order than that of events")
            of = one.this
            if isinstance(of, exp.Lag):
                name = self._name(one)
                if of.args.get("default") is not None:
                    raise Unsupported("LAG with a default")
                offset = of.args.get("offset")
                wanted[name] = (
                    self._argument(of.this, "held"),
                    int(offset.name) if offset is not None else 1,
                )
                self._put(one, name)
            else:
                one.replace(self._summed(one, wanted))
        self.flow.lagged(keys, wanted, self.of.needed() | set(keys))
        self.of.extra |= set(wanted)

    def _summed(self, window: exp.Window, wanted: dict[str, tuple[str, int]]) -> exp.Expr:
        """SUM over rows: this one and those before, each a LAG."""
        spec = window.args["spec"]
        if not isinstance(window.this, exp.Sum) or spec.args.get("end") != "CURRENT ROW":
            raise Unsupported("ROWS other than SUM up to the row itself")
        argument = self._argument(window.this.this, "held")
        if argument not in self.of.numbers:
            raise Unsupported("SUM over rows of what may be NULL")
        self.of.extra.add(argument)
        total: exp.Expr = exp.column(argument, table=STREAM)
        for count in range(1, int(spec.args["start"].name) + 1):
            name = self.flow.name(f"{argument}_{count}")
            wanted[name] = (argument, count)
            held = exp.Coalesce(this=exp.column(name, table=STREAM), expressions=[exp.Literal.number(0)])
            total = exp.Add(this=total, expression=held)
        return total

    def _timed(self, windows: Sequence[exp.Window]) -> None:
        first = windows[0]
        if not isinstance(first.this, AGGREGATES):
            raise Unsupported(f"{first.this.key.upper()} over a window")
        if [one.name for one in frames.order(first)] != _BY_TIME:
            raise Unsupported("a running count over rows, which ES|QL has no windows for")
        keys, frame = self._partition(first), frames.frame(first)
        if frame == Frame(None) and all(map(frames.is_marked_time, windows)):
            for one in windows:
                branch = one.this.this.args["ifs"][0]
                marked = self._argument(branch.this, "is_marked")
                name = self._name(one)
                spans.latest(self.flow, keys, name, paths.quoted(marked), self.of.needed())
                self._put(one, name)
            return
        bounds = [counts.bounds(self.of.todo, one) for one in windows]
        if frame.start is not None and all(bounds):
            for one, some in zip(windows, bounds, strict=True):
                self._reached(one, keys, frame.start, some)
            return
        self._spanned(windows, keys, frame)

    def _spanned(self, windows: Sequence[exp.Window], keys: list[str], frame: Frame) -> None:
        seen, time = [], "event_ms"
        for one in windows:
            of = one.this
            if isinstance(of, exp.Count) and not isinstance(of.this, exp.Star):
                raise Unsupported("COUNT of a column over time")
            value = exp.Literal.number(1) if isinstance(of, exp.Count) else self.of.read(of.this)
            is_held = is_number(value) or value.name in self.of.numbers
            if isinstance(of, exp.Sum) and (not is_held or frame.end):
                raise Unsupported("SUM over time of what may be NULL")
            if self.words.kind(value) is Type.TRUTH:
                raise Unsupported(f"{of.key.upper()} of a condition")
            name = self._name(one)
            seen.append(Seen(name, of.key.upper(), self.of.column(value, f"{name}_of")))
            self._put(one, name)
        if frame.start is None:
            if any(one.function not in ("MIN", "MAX") for one in seen) or len(seen) > 1:
                raise Unsupported("a running total, which ES|QL has no windows for")
            time = self.flow.name("there_ms")
            self.of.gather([*keys, seen[0].column], {time: Aggregate("MIN(event_ms)", Type.WHOLE)})
        pairs.spanned(self.flow, keys, frame, seen, self.of.needed(), time=time)

    def _reached(self, window: exp.Window, keys: list[str], start: int, bounds: Sequence[int]) -> None:
        """The greatest of the bounds that the count reaches, else 0."""
        name = self._name(window)
        before = {self.flow.name(f"before_{bound}"): bound for bound in bounds}
        wanted = {one: ("event_ms", bound - 1) for one, bound in before.items()}
        self.flow.lagged(keys, wanted, self.of.needed() | set(keys))
        pairs = [f"event_ms - {one} <= {start}, {bound}" for one, bound in reversed(before.items())]
        reached = f"CASE({', '.join(pairs)}, 0)"
        # events at one time count each other, whichever comes first in the order of keys
        self.flow.eval({name: (reached, Type.WHOLE)})
        self.of.extra |= {name, *keys}
        own = paths.quoted(name)
        self.flow.gather(
            [*keys, "event_ms"], {name: Aggregate(f"MAX({own})", Type.WHOLE)}, self.of.needed() - {name}
        )
        self._put(window, name)
