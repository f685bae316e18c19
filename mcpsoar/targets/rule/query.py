"""One rule through one pySigma backend: checked before, refused by name, never through the network."""

from collections.abc import Sequence

from sigma.collection import SigmaCollection
from sigma.conversion.base import Backend
from sigma.exceptions import SigmaError

from mcpsoar.core.content import RuleText
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column
from mcpsoar.targets.rule import lint, reading, refuse
from mcpsoar.targets.rule.reading import Parsed
from mcpsoar.targets.rule.refuse import Refusals


def convert(rule: RuleText, columns: Sequence[Column], backend: Backend, refusals: Refusals) -> str:
    """The query of one rule. Raises BadContent and Unsupported, with file:line.

    A rule with several conditions would become several queries; it is refused.
    """
    return of(reading.read(rule), columns, backend, refusals)


def of(parsed: Parsed, columns: Sequence[Column], backend: Backend, refusals: Refusals) -> str:
    """The same for a rule that has been read already."""
    rule = parsed.text
    lint.check(parsed, columns)
    refuse.check(parsed, refusals)
    if len(parsed.conditions) != 1:
        raise Unsupported(
            f"rule {rule.id}: several conditions (target {refusals.target})", where=str(rule.path)
        )
    try:
        queries = backend.convert(SigmaCollection([parsed.rule]))
    except (SigmaError, NotImplementedError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Unsupported(f"rule {rule.id}: {why} (target {refusals.target})", where=str(rule.path)) from None
    return str(queries[0])
