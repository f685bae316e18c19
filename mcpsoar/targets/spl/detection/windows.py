"""Window functions, exactly: running totals over one order of the results, less what came before a partition.

A total of one partition is `accum` (which has no limit) less its value before the partition; the peers of
RANGE get the largest of their totals. A sliding RANGE of n milliseconds is a running total too: each row
comes twice, to be added at its time and to be taken away n + 1 milliseconds later. What is n rows away comes
from `streamstats` with a window of n, far below its limit (max_stream_window).
"""

from collections.abc import Sequence
from itertools import groupby

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Kind
from mcpsoar.targets.spl.detection import groups, largest, values
from mcpsoar.targets.spl.detection.commands import Commands
from mcpsoar.targets.spl.detection.frames import Over, read
from mcpsoar.targets.spl.detection.relation import Field, Scope
from mcpsoar.targets.spl.held import Held


def computed(nodes: Sequence[exp.Window], scope: Scope, commands: Commands) -> list[tuple[exp.Window, Field]]:
    """Each of the window functions of one SELECT with the field that it is. Raises Unsupported."""
    asked = sorted(map(read, nodes), key=lambda one: str(one.sorting))
    found: list[tuple[exp.Window, Field]] = []
    for _, some in groupby(asked, key=lambda one: one.sorting):
        found += _Sorted(list(some), scope, commands).fields()
    return found


class _Sorted:
    """Functions over one partition and one order."""

    def __init__(self, asked: list[Over], scope: Scope, commands: Commands) -> None:
        self._asked, self._scope, self._commands = asked, scope, commands
        self._by = values.partitioned(asked[0].partition, scope, commands)
        self._order: list[str] = []  # fields

    def fields(self) -> list[tuple[exp.Window, Field]]:
        """One for each function."""
        first = self._asked[0]
        if first.frame.kind == "sliding":
            return self._sliding()
        if first.order:
            self._sort(back=isinstance(first.function, exp.Lead))
        return [(one.node, self._one(one)) for one in self._asked]

    def _one(self, one: Over) -> Field:
        match one.frame.kind, one.function:
            case "place", exp.RowNumber():
                step = self._commands.put("step", "1")
                return _integer(self._total(step))
            case "place", _:
                return self._shifted(one)
            case "whole", _:
                return self._whole(one)
            case "before", exp.Max():
                return self._largest_before(one)
            case "rows", exp.Sum():
                return self._of_rows(one)
            case "running", exp.Max() if _is_latest(one):
                return self._latest(one)
            case "running", _:
                return _integer(self._total(self._weight(one), has_peers=not one.is_total))
        raise Unsupported(f"{one.node.sql('duckdb')} is not said in SPL")

    def _sort(self, *, back: bool = False) -> None:
        told = [f"str({one})" for one in self._by]
        sign = "-" if back else ""
        for one in self._asked[0].order:
            found = values.value(one, self._scope)
            kind = "num" if found.kind in (Kind.INTEGER, Kind.NUMBER) else "str"
            self._order.append(self._commands.put("at", found.text))
            told.append(f"{sign}{kind}({self._order[-1]})")
        self._commands.say(f"sort 0 {', '.join(told)}")

    def _weight(self, one: Over) -> str:
        """A field: what a row adds, 0 or 1 where it counts."""
        argument = one.argument
        match one.function:
            case exp.Count() if isinstance(argument, exp.Star):
                told = "1"
            case exp.Count():
                told = f"if({values.value(argument, self._scope).null.text}, 0, 1)"
            case exp.Sum() | exp.Max() if values.has_flag(argument, self._scope):
                told = values.value(argument, self._scope).text
            case exp.Sum():
                return self._amount(argument)
            case _:
                said = one.function.sql("duckdb")
                raise Unsupported(f"{said} over such a window is not said in SPL")
        return self._commands.put("step", f"if({self._scope.member}=1, {told}, 0)")

    def _amount(self, argument: exp.Expr) -> str:
        found = values.value(argument, self._scope)
        if found.kind is not Kind.INTEGER:
            raise Unsupported(f"a sum of {argument.sql('duckdb')}, which is no whole number")
        told = f"if({self._scope.member}=1, coalesce({found.text}, 0-1), 0)"
        step = self._commands.put("step", told)
        self._commands.summed(step)
        return step

    def _total(self, step: str, *, has_peers: bool = False) -> str:
        """The running total of `step` within the partition: never null, since it is grouped by."""
        total = self._commands.name("total")
        self._commands.say(f"accum {step} AS {total}")
        (before,) = self._commands.eventstats([("before", f"min(eval({total}-{step}))")], self._by)
        if has_peers:
            (total,) = self._commands.eventstats([("total", f"max({total})")], [*self._by, *self._order])
        return self._commands.put("running", f"coalesce({total}-{before}, 0)")

    def _latest(self, one: Over) -> Field:
        """The latest time at which something was so: that of the last row that was counted."""
        found = values.value(one.argument, self._scope)
        at = self._commands.put("at", found.text)
        step = self._commands.put("step", f"if(isnull({at}), 0, 1)")
        place = self._total(step, has_peers=True)
        (latest,) = self._commands.eventstats([("latest", f"max({at})")], [*self._by, place])
        return _integer(latest)

    def _shifted(self, one: Over) -> Field:
        distance = one.function.args.get("offset")
        size = int(distance.this) if distance is not None else 1
        if one.function.args.get("default") is not None:
            raise Unsupported("LAG with a default is not said in SPL")
        found = values.value(one.argument, self._scope)
        mark = self._commands.put("mark", values.marked(found))
        there, places = self._commands.name("there"), self._commands.name("places")
        self._commands.say(
            f"streamstats current=f window={size} global=f first({mark}) AS {there}, count AS {places} "
            f"BY {', '.join(self._by)}"
        )
        text = f"substr({there}, 2)"
        if found.kind in (Kind.INTEGER, Kind.NUMBER):
            text = f"tonumber({text})"
        told = f'if({places}={size} AND {there}!="-", {text}, null())'
        name = self._commands.put("earlier", told)
        return Field(Held(found.kind or Kind.TEXT, name))

    def _of_rows(self, one: Over) -> Field:
        step, total = self._weight(one), self._commands.name("total")
        self._commands.say(
            f"streamstats window={one.frame.reach + 1} global=f sum({step}) AS {total} "
            f"BY {', '.join(self._by)}"
        )
        return _integer(total)

    def _largest_before(self, one: Over) -> Field:
        found = values.value(one.argument, self._scope)
        if found.kind is not Kind.INTEGER:
            raise Unsupported(f"{one.node.sql('duckdb')} of what is no whole number")
        value = self._commands.put("value", found.text)
        place = self._total(self._commands.put("step", "1"))
        return _integer(largest.before(value, place, self._by, self._order, self._commands))

    def _whole(self, one: Over) -> Field:
        return groups.aggregated([one.function], self._scope, self._commands, self._by)[0]

    def _sliding(self) -> list[tuple[exp.Window, Field]]:
        commands, reach = self._commands, self._asked[0].frame.reach
        order = values.value(self._asked[0].order[0], self._scope)
        weights = [self._weight(one) for one in self._asked]
        half = commands.put("half", f'if({self._scope.member}=1, mvappend("0", "1"), "0")')
        commands.expand(half)
        at = commands.put("at", f'{order.text}+if({half}="1", {reach + 1}, 0)')
        steps = [commands.put("step", f'if({half}="1", 0-{one}, {one})') for one in weights]
        commands.say(f"sort 0 {', '.join(f'str({one})' for one in self._by)}, num({at}), -str({half})")
        totals = [commands.name("total") for _ in steps]
        for step, total in zip(steps, totals, strict=True):
            commands.say(f"accum {step} AS {total}")
        found = commands.eventstats(
            [("within", f'max(eval(if({half}="0", {one}, null())))') for one in totals], [*self._by, at]
        )
        commands.say(f'where {half}="0"')
        found = [
            commands.put("any", f"if({name}>0, 1, 0)") if isinstance(one.function, exp.Max) else name
            for one, name in zip(self._asked, found, strict=True)
        ]
        return [
            (one.node, _integer(name, is_flag=isinstance(one.function, exp.Max)))
            for one, name in zip(self._asked, found, strict=True)
        ]


def _integer(name: str, *, is_flag: bool = False) -> Field:
    return Field(Held(Kind.INTEGER, name), is_flag=is_flag)


def _is_latest(one: Over) -> bool:
    """MAX(CASE WHEN … THEN event_ms END) OVER (… ORDER BY event_ms)."""
    argument = one.argument
    return (
        isinstance(argument, exp.Case)
        and argument.args.get("default") is None
        and len(argument.args["ifs"]) == len(one.order) == 1
        and argument.args["ifs"][0].args["true"].sql() == one.order[0].sql()
    )
