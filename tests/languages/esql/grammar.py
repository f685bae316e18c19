"""The grammar: what is not here is not read.

Commands and expressions as on the pages "Basic ES|QL syntax", "ES|QL commands" and "ES|QL operators" of the
Elasticsearch reference (9.x). Precedence follows Elastic's published grammar (elastic/esql-js, Expression.g4,
August 2026): unary sign, then * / %, then + -, then one comparison (they do not chain), then NOT, AND, OR.
"""

from functools import cache

from lark import Lark

GRAMMAR = r"""
start: _source ("|" _command)*

_source: from_ | row
_command: where | eval | stats | inline | keep | drop | rename | sort | limit | expand | lookup

from_: _FROM index ("," index)* metadata?
metadata: _METADATA name ("," name)*
index: INDEX | _text
row: _ROW columns
where: _WHERE _bool
eval: _EVAL columns
stats: _STATS (aggregates [by] | by)
inline: _INLINE _STATS aggregates [by]
by: _BY columns
keep: _KEEP pattern ("," pattern)*
drop: _DROP pattern ("," pattern)*
rename: _RENAME pair ("," pair)*
sort: _SORT key ("," key)*
limit: _LIMIT INTEGER
expand: _MV_EXPAND name
lookup: _LOOKUP _JOIN index _ON name ("," name)*

columns: column ("," column)*
column: [name "="] _bool
aggregates: aggregate ("," aggregate)*
aggregate: [name "="] _bool [_WHERE _bool]
pair: name _AS name | name "=" name -> pair_reversed
key: _bool [DIRECTION] [_NULLS PLACE]

_bool: or_ | _and
or_: _bool _OR _and
_and: and_ | _not
and_: _and _AND _not
_not: not_ | _predicate
not_: _NOT _not
_predicate: in_ | not_in | like | not_like | is_null | is_not_null | comparison | _sum
comparison: _sum COMPARISON _sum
in_: _sum _IN "(" _list ")"
not_in: _sum _NOT _IN "(" _list ")"
like: _sum MATCHER _patterns
not_like: _sum _NOT MATCHER _patterns
is_null: _sum _IS _NULL
is_not_null: _sum _IS _NOT _NULL
_list: _bool ("," _bool)*
_patterns: text | "(" text ("," text)* ")"
_sum: add | _product
add: _sum (PLUS | MINUS) _product
_product: multiply | _unary
multiply: _product (STAR | SLASH | PERCENT) _unary
_unary: sign | _primary
sign: (PLUS | MINUS) _unary
_primary: _constant | reference | call | group
group: "(" _bool ")"
reference: name
call: NAME "(" (STAR | _list)? ")"

_constant: null | span | decimal | integer | true | false | text | array
null: _NULL
true: _TRUE
false: _FALSE
span: INTEGER NAME
decimal: DECIMAL
integer: INTEGER
text: _text
_text: RAW | QUOTED
array: "[" _item ("," _item)* "]"
_item: true | false | text | integer | decimal | negative
negative: MINUS (integer | decimal)

name: _identifier ("." _identifier)*
_identifier: NAME | TICKED
pattern: (PATTERN | TICKED) ("." (PATTERN | TICKED))*

COMPARISON: "==" | "!=" | "<=" | ">=" | "<" | ">"
MATCHER.3: /(LIKE|RLIKE)\b/i
DIRECTION.3: /(ASC|DESC)\b/i
PLACE.3: /(FIRST|LAST)\b/i
_FROM.3: /FROM\b/i
_METADATA.3: /METADATA\b/i
_ROW.3: /ROW\b/i
_WHERE.3: /WHERE\b/i
_EVAL.3: /EVAL\b/i
_STATS.3: /STATS\b/i
_INLINE.3: /INLINE\b/i
_BY.3: /BY\b/i
_KEEP.3: /KEEP\b/i
_DROP.3: /DROP\b/i
_RENAME.3: /RENAME\b/i
_SORT.3: /SORT\b/i
_LIMIT.3: /LIMIT\b/i
_MV_EXPAND.3: /MV_EXPAND\b/i
_LOOKUP.3: /LOOKUP\b/i
_JOIN.3: /JOIN\b/i
_ON.3: /ON\b/i
_AS.3: /AS\b/i
_NULLS.3: /NULLS\b/i
_OR.3: /OR\b/i
_AND.3: /AND\b/i
_NOT.3: /NOT\b/i
_IN.3: /IN\b/i
_IS.3: /IS\b/i
_NULL.3: /NULL\b/i
_TRUE.3: /TRUE\b/i
_FALSE.3: /FALSE\b/i
PLUS: "+"
MINUS: "-"
STAR: "*"
SLASH: "/"
PERCENT: "%"
INTEGER: /[0-9]+/
DECIMAL.2: /[0-9]+\.[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+/
NAME: /[a-z][a-z0-9_]*|[_@][a-z0-9_]+/i
TICKED: /`([^`]|``)+`/
PATTERN: /[a-z*][a-z0-9_*]*|[_@][a-z0-9_*]+/i
INDEX: /[^:"=|,\[\]\/() \t\r\n]+/
RAW.3: /"{3}[^\r\n]*?"{3}"{0,2}/
QUOTED.2: /"(\\[tnr"\\]|[^\r\n"\\])*"/
COMMENT.5: /\/\/[^\r\n]*|\/\*(.|\n)*?\*\//
WHITESPACE: /[ \t\r\n]+/
%ignore COMMENT
%ignore WHITESPACE
"""


@cache
def parser() -> Lark:
    """Built once: a parser whose lexer knows the words that its place allows."""
    return Lark(GRAMMAR, parser="lalr", lexer="contextual", propagate_positions=True, maybe_placeholders=True)
