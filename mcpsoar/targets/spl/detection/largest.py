"""The largest value strictly before a row, over results that are sorted: in chunks, each within a window.

`streamstats` without a window may end at 10,000 results (max_stream_window, says its page), so it is asked of
chunks of half as many, and then of the first rows of the chunks.
"""

from collections.abc import Sequence

from mcpsoar.targets.spl.detection.commands import LOST, Commands

CHUNK = 5000  # results; as many chunks are looked through, and of more the answer is lost


def before(value: str, place: str, by: Sequence[str], order: Sequence[str], commands: Commands) -> str:
    """A field. `place` numbers a partition's rows from 1; peers by `order` do not come before another."""
    rank = commands.put("rank", f"max({place}, 1)-1")
    chunk = commands.put("chunk", f"({rank}-{rank}%{CHUNK})/{CHUNK}")
    is_first = commands.put("is_first", f"if({rank}%{CHUNK}=0, 1, 0)")
    chunks = [*by, chunk]
    within = _so_far(value, chunks, commands)
    (own,) = commands.eventstats([("largest", f"max({value})")], chunks)
    carried = _so_far(commands.put("carried", f"if({is_first}=1, {own}, null())"), [*by, is_first], commands)
    first = f"max(eval(if({is_first}=1, {carried}, null())))"
    (earlier,) = commands.eventstats([("earlier", first)], chunks)
    larger = f"isnull({within}), {earlier}, isnull({earlier}), {within}, {within}>{earlier}, {within}"
    most = commands.put("most", f"case({larger}, true(), {earlier})")
    mark = commands.put("mark", f'if(isnull({most}), "-", "=".{most})')
    (told,) = commands.eventstats([("told", f"first({mark})")], [*by, *order])
    commands.put_again(LOST, f"if({chunk}<{CHUNK}, {LOST}, 1)")
    return commands.put("most", f'if({told}="-", null(), tonumber(substr({told}, 2)))')


def _so_far(value: str, by: Sequence[str], commands: Commands) -> str:
    found = commands.name("so_far")
    groups = ", ".join(by)
    commands.say(f"streamstats current=f window={CHUNK} global=f max({value}) AS {found} BY {groups}")
    return found
