"""The bridge as a backend of pySigma: `sigma convert -t mcpsoar-sql -f DIALECT`, over any log source.

A rule for `product: mcp, service: audit` asks the typed table `mcp_audit` as its owner filled it, under
whatever name; any other one asks a table whose columns are text, by the names that rule and pipelines give.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

from sigma.conversion.base import TextQueryBackend
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaConversionError, SigmaError
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule
from sqlglot import exp

from mcpsoar.core.errors import Trouble, Unsupported
from mcpsoar.core.event import Column, Kind
from mcpsoar.targets import correlation
from mcpsoar.targets.bridge import audit, leaf, options, tree
from mcpsoar.targets.bridge import dialect as dialects
from mcpsoar.targets.bridge import table as tables
from mcpsoar.targets.bridge.subject import subject
from mcpsoar.targets.bridge.table import Table

_DEFAULT = "default"
_TIME = "event_ms"
Callback = Callable[[Any, str | None, int, Any, Any], Any]
Made = Callable[[Any, str], Iterator[tuple[Any, str]]]  # each condition and its statement in a dialect


class SqlBackend(TextQueryBackend):
    """One SELECT for each condition of a rule; what a dialect cannot say is refused by name."""

    name: ClassVar[str] = "SQL of many dialects (mcpsoar)"
    identifier: ClassVar[str] = "mcpsoar-sql"
    formats: ClassVar[dict[str, str]] = {
        _DEFAULT: "SQL of DuckDB",
        **{dialect: f"SQL of {dialect}" for dialect in dialects.DIALECTS},
    }
    requires_pipeline: ClassVar[bool] = False

    def __init__(
        self,
        processing_pipeline: ProcessingPipeline | None = None,
        collect_errors: bool = False,  # noqa: FBT001, FBT002  # pySigma's own order
        *,
        table: object = None,
        raw: object = None,
        columns: object = None,
        dialect: object = None,
        time: object = None,
    ) -> None:
        super().__init__(processing_pipeline, collect_errors)
        self._asked = options.read(table=table, raw=raw, columns=columns, dialect=dialect, time=time)

    @property
    def audit(self) -> Sequence[Column]:
        """The columns of `mcp_audit`; a backend without any asks text alone."""
        return ()

    def convert_rule(
        self, rule: SigmaRule, output_format: str | None = None, callback: Callback | None = None
    ) -> list[Any]:
        """One statement for each condition of a rule."""
        return self._queries(rule, output_format or _DEFAULT, callback, self._of_rule)

    def convert_correlation_rule(
        self,
        rule: SigmaCorrelationRule,
        output_format: str | None = None,
        method: str | None = None,
        callback: Callback | None = None,
    ) -> list[Any]:
        """The statement of one correlation: its windows slide, whatever method is asked for."""
        del method
        return self._queries(rule, output_format or _DEFAULT, callback, self._of_correlation)

    def finalize(self, queries: list[Any], output_format: str) -> Any:
        """What the pipeline makes of all statements; otherwise they as a list."""
        del output_format
        return self.last_processing_pipeline.finalize(queries)

    def table(self, rule: SigmaRule) -> Table:
        """The table that a rule asks. Raises Unsupported."""
        source, asked = rule.logsource, self._asked
        is_on_audit = (source.product, source.service) == ("mcp", "audit") and self.audit
        if is_on_audit and asked.columns is None and asked.raw is None:
            return tables.audit(self.audit, asked.table or tables.AUDIT)
        if is_on_audit and tables.is_of_audit(asked.table or tables.AUDIT):
            raise Unsupported("-O raw and -O columns are of tables of text, and mcp_audit is none")
        return tables.texts(asked.table or "events", asked.columns, asked.raw)

    def _queries(self, rule: Any, output_format: str, callback: Callback | None, made: Made) -> list[Any]:
        """The statements of a rule or correlation; a refusal is raised as pySigma's error, or collected."""
        try:
            if getattr(self, "last_processing_pipeline", None) is None:
                self.init_processing_pipeline(output_format)
            self.last_processing_pipeline.apply(rule)
            dialect = self._dialect(output_format)
            queries = []
            for index, (condition, text) in enumerate(made(rule, dialect)):
                query = text if callback is None else callback(rule, output_format, index, condition, text)
                if query is not None:
                    queries.append(self.last_processing_pipeline.postprocess_query(rule, query))
            rule.set_conversion_result(queries)
            return queries if rule._output else []  # noqa: SLF001  # as pySigma's own backends ask it
        except (SigmaError, Trouble) as error:
            if not isinstance(error, SigmaError):
                error = SigmaConversionError(rule, rule.source, error.message)
            if not self.collect_errors:
                raise error from None
            self.errors.append((rule, error))
            return []

    def _checked(self, rule: SigmaRule) -> Table:
        table = self.table(rule)
        audit.check(rule, table)
        return table

    def _dialect(self, output_format: str) -> str:
        asked = self._asked.dialect
        if output_format == _DEFAULT:
            return asked or "duckdb"
        if asked not in (None, output_format):
            raise Unsupported(f"-f {output_format} and -O dialect={asked} are two dialects")
        return output_format

    def _of_rule(self, rule: SigmaRule, dialect: str) -> Iterator[tuple[Any, str]]:
        table = self._checked(rule)
        for condition in rule.detection.parsed_condition:
            where = tree.condition(condition.parsed, table)
            if table.is_audit:
                made = audit.matching(where, table, at=self._at(table))
            else:
                made = exp.select("*").from_(tables.named(table.name)).where(where)
            yield condition, dialects.text(made, dialect)

    def _of_correlation(self, rule: SigmaCorrelationRule, dialect: str) -> Iterator[tuple[Any, str]]:
        made, _ = self._correlation(rule, dialect)
        table = self.table(_first_rule(rule))
        if table.is_audit:
            made = audit.over(made, table, at=self._at(table))
        yield rule.condition, dialects.text(correlation.ordered(made, dialect), dialect)

    def _correlation(self, rule: SigmaCorrelationRule, dialect: str) -> tuple[exp.Select, tuple[str, ...]]:
        """The statement of one correlation, and the columns that it carries besides its own."""
        correlation.refuse(rule, dialect)
        if all(isinstance(one.rule, SigmaRule) for one in rule.referenced_rules):
            return self._of_rules(rule)
        inner = {}
        carried: tuple[str, ...] = ()
        for one in rule.referenced_rules:
            if isinstance(one.rule, SigmaRule):
                raise Unsupported(f"{one.reference!r} is a rule among correlations: of one sort only")
            made, carried = self._correlation(one.rule, dialect)
            inner[one.reference] = (one.rule, made, carried)
        if len({kept for _, _, kept in inner.values()}) > 1:
            raise Unsupported("the correlations ask different tables")
        return correlation.nested(rule, {n: (r, t) for n, (r, t, _) in inner.items()}, carried), carried

    def _of_rules(self, rule: SigmaCorrelationRule) -> tuple[exp.Select, tuple[str, ...]]:
        rules = {one.reference: one.rule for one in rule.referenced_rules if isinstance(one.rule, SigmaRule)}
        tables_asked = {name: self._checked(one) for name, one in rules.items()}
        if len({table.name for table in tables_asked.values()}) > 1:
            raise Unsupported("the rules ask different tables; -O table=NAME names one")
        if len({table.is_audit for table in tables_asked.values()}) > 1:
            raise Unsupported("the rules read one table in two ways: typed and as text")
        predicates = {
            name: tree.joined(
                [tree.condition(one.parsed, tables_asked[name]) for one in found.detection.parsed_condition]
            )
            for name, found in rules.items()
        }

        def column(name: str, field: str) -> exp.Expression:
            audit.check_field(field, tables_asked[name])
            here = subject(field, tables_asked[name])
            if here.kind is Kind.TEXTS:
                raise Unsupported(f"{field} is a list: nothing to group by or to count")
            return here.sql

        def number(name: str, field: str) -> exp.Expression:
            audit.check_field(field, tables_asked[name])
            return leaf.number(field, tables_asked[name])

        asked = next(iter(tables_asked.values()))
        source = correlation.Source(
            table=tables.named(audit.EVENTS if asked.is_audit else asked.name),
            at=exp.column(audit.AT if asked.is_audit else self._asked.time or _TIME, quoted=True),
            column=column,
            number=number,
            carried=("event_id",) if asked.is_audit else (),
        )
        return correlation.statement(rule, predicates, source), source.carried

    def _at(self, table: Table) -> exp.Expression | None:
        """The column that was named as the time of an event; event_time of `mcp_audit` says it otherwise.

        Raises Unsupported for a column of times.
        """
        name = self._asked.time
        if name is None:
            return None
        column = table.column(name.lower())
        if column is not None and column.kind is Kind.TIME:
            raise Unsupported(f"-O time={name}: that column holds times, not milliseconds")
        return exp.column(name, quoted=True)


def _first_rule(rule: SigmaCorrelationRule) -> SigmaRule:
    """Any rule below a correlation: they all ask one table."""
    below = rule.referenced_rules[0].rule
    return below if isinstance(below, SigmaRule) else _first_rule(below)
