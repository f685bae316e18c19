"""The derived columns of a pack, tried on no event at all: what the engine refuses is named with its line."""

from collections.abc import Sequence

from mcpsoar.core.errors import BadContent
from mcpsoar.core.event import Column
from mcpsoar.detect import prelude
from mcpsoar.detect.engines.duckdb import Connection, Failure, connect
from mcpsoar.detect.matching import TABLE, place


def check(columns: Sequence[Column]) -> None:
    """Raises BadContent at the first column whose expression the engine refuses."""
    made = [column for column in columns if column.derived]
    with connect() as connection:
        place(connection, [], columns)
        try:
            _try(connection, columns, made)
        except Failure:
            for column in made:
                _check(connection, columns, column)
            raise


def _check(connection: Connection, columns: Sequence[Column], column: Column) -> None:
    try:
        _try(connection, columns, [column])
    except Failure as error:
        said = str(error).splitlines()[0]
        raise BadContent(f"{column.name} := {column.derived}: {said}", where=column.where or None) from None


def _try(connection: Connection, columns: Sequence[Column], some: Sequence[Column]) -> None:
    ctes = prelude.relation(TABLE, columns, [column.name for column in some])
    connection.execute(f"WITH {ctes} SELECT count(*) FROM mcp_audit")
