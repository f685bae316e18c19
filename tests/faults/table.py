"""The whole table: its rows shared among processes, and in each among benches side by side."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

from tests.faults.cells import Mark, bench
from tests.faults.judge import STEPS
from tests.faults.rows import Row

Cells = dict[tuple[str, str, str], tuple[Mark, ...] | None]


def table(rows: Sequence[Row], names: Sequence[str], jobs: int, processes: int = 1) -> Cells:
    """Every cell of these rows and connectors; `jobs` are the benches of each connector in each process."""
    rows = sorted(rows, key=lambda row: not row.is_late)  # those that wait longest begin first
    if processes == 1:
        return _cells(rows, names, jobs)
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        shares = [pool.submit(_cells, rows[at::processes], names, jobs) for at in range(processes)]
        return {key: marks for share in shares for key, marks in share.result().items()}


def _cells(rows: Sequence[Row], names: Sequence[str], jobs: int) -> Cells:
    cells: Cells = {}

    def work(name: str, left: Iterator[Row]) -> None:
        with bench(name) as ready:
            for row in left:
                for step in STEPS:
                    cells[row.number, name, step] = ready.cell(row, step)

    with ThreadPoolExecutor(jobs * len(names)) as pool:
        queues = {name: iter(rows) for name in names}
        tasks = [pool.submit(work, name, queues[name]) for name in names for _ in range(jobs)]
        for task in tasks:
            task.result()
    return cells
