"""Elastic's names of columns, as a step of a pipeline of pySigma."""

from collections.abc import Sequence

from sigma.processing.pipeline import ProcessingItem
from sigma.processing.transformations import FieldMappingTransformation

from mcpsoar.core.event import Column
from mcpsoar.targets.es import paths


def as_named(columns: Sequence[Column]) -> ProcessingItem:
    """The step that calls columns what Elastic calls them."""
    names: dict[str | None, str | list[str]] = {column.name: paths.of(column.name) for column in columns}
    return ProcessingItem(FieldMappingTransformation(names), identifier="mcp-audit-fields")
