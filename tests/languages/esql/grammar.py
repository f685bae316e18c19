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

from_: "FROM"i index ("," index)* metadata?
metadata: "METADATA"i name ("," name)*
index: INDEX | _text
row: "ROW"i columns
where: "WHERE"i _bool
eval: "EVAL"i columns
stats: "STATS"i (aggregates [by] | by)
inline: "INLINE"i "STATS"i aggregates [by]
by: "BY"i columns
keep: "KEEP"i pattern ("," pattern)*
drop: "DROP"i pattern ("," pattern)*
rename: "RENAME"i pair ("," pair)*
sort: "SORT"i key ("," key)*
limit: "LIMIT"i INTEGER
expand: "MV_EXPAND"i name
lookup: "LOOKUP"i "JOIN"i index "ON"i name ("," name)*

columns: column ("," column)*
column: [name "="] _bool
aggregates: aggregate ("," aggregate)*
aggregate: [name "="] _bool ["WHERE"i _bool]
pair: name "AS"i name | name "=" name -> pair_reversed
key: _bool [DIRECTION] ["NULLS"i PLACE]

_bool: or_ | _and
or_: _bool "OR"i _and
_and: and_ | _not
and_: _and "AND"i _not
_not: not_ | _predicate
not_: "NOT"i _not
_predicate: in_ | not_in | like | not_like | is_null | is_not_null | comparison | _sum
comparison: _sum COMPARISON _sum
in_: _sum "IN"i "(" _list ")"
not_in: _sum "NOT"i "IN"i "(" _list ")"
like: _sum MATCHER _patterns
not_like: _sum "NOT"i MATCHER _patterns
is_null: _sum "IS"i "NULL"i
is_not_null: _sum "IS"i "NOT"i "NULL"i
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
null: "NULL"i
true: "TRUE"i
false: "FALSE"i
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
MATCHER.3: "LIKE"i | "RLIKE"i
DIRECTION.3: "ASC"i | "DESC"i
PLACE.3: "FIRST"i | "LAST"i
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
