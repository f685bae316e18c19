"""The functions of the small grammar: least and most arguments, and what builds them."""

from collections.abc import Callable, Mapping, Sequence

from tests.languages.esql import choices, conversions, dates, figures, multivalues, texts
from tests.languages.esql.compiled import Compiled, Session

Build = Callable[[Session, str, Sequence[Compiled]], Compiled]
_MANY = 1_000

FUNCTIONS: Mapping[str, tuple[int, int, Build]] = {
    "ABS": (1, 1, figures.absolute),
    "CASE": (2, _MANY, choices.case),
    "CEIL": (1, 1, figures.ceil),
    "CIDR_MATCH": (2, _MANY, choices.cidr_match),
    "COALESCE": (1, _MANY, choices.coalesce),
    "CONCAT": (2, _MANY, texts.concat),
    "DATE_DIFF": (3, 3, dates.date_diff),
    "DATE_EXTRACT": (2, 2, dates.date_extract),
    "DATE_TRUNC": (2, 2, dates.date_trunc),
    "ENDS_WITH": (2, 2, texts.ends_with),
    "FLOOR": (1, 1, figures.floor),
    "GREATEST": (1, _MANY, choices.greatest),
    "LEAST": (1, _MANY, choices.least),
    "LENGTH": (1, 1, texts.length),
    "MV_APPEND": (2, 2, multivalues.mv_append),
    "MV_CONCAT": (2, 2, multivalues.mv_concat),
    "MV_CONTAINS": (2, 2, multivalues.mv_contains),
    "MV_COUNT": (1, 1, multivalues.mv_count),
    "MV_DEDUPE": (1, 1, multivalues.mv_dedupe),
    "MV_FIRST": (1, 1, multivalues.mv_first),
    "MV_LAST": (1, 1, multivalues.mv_last),
    "MV_MAX": (1, 1, multivalues.mv_max),
    "MV_MIN": (1, 1, multivalues.mv_min),
    "MV_SLICE": (2, 3, multivalues.mv_slice),
    "MV_SORT": (1, 2, multivalues.mv_sort),
    "MV_ZIP": (3, 3, multivalues.mv_zip),
    "NOW": (0, 0, dates.now),
    "REPLACE": (3, 3, texts.replace),
    "ROUND": (1, 2, figures.rounded),
    "SPLIT": (2, 2, texts.split),
    "STARTS_WITH": (2, 2, texts.starts_with),
    "SUBSTRING": (2, 3, texts.substring),
    "TO_BOOLEAN": (1, 1, conversions.to_boolean),
    "TO_DATETIME": (1, 1, conversions.to_datetime),
    "TO_DOUBLE": (1, 1, conversions.to_double),
    "TO_INTEGER": (1, 1, conversions.to_integer),
    "TO_LONG": (1, 1, conversions.to_long),
    "TO_LOWER": (1, 1, texts.to_lower),
    "TO_STRING": (1, 1, conversions.to_string),
    "TO_UPPER": (1, 1, texts.to_upper),
    "TRIM": (1, 1, texts.trim),
}
