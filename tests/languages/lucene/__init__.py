"""Lucene query strings as Elastic's documents promise them, over documents in memory: an oracle for tests.

luqum reads the text. What it makes of it is judged by the pages of the Elasticsearch reference for 9.x (state
of August 2026): "Query string", "Regular expression syntax", "Exists", "ignore_above", "normalizer",
"Arrays", "Boolean", "Numeric", "IP". Only the small grammar that conversions emit is read; whatever a page
leaves open raises. Where luqum reads a text otherwise than Lucene's own grammar (QueryParser.jj of Lucene
10), that raises, too. Documents and mappings are those of the oracle for ES|QL; nothing is shared with what
writes.
"""

from tests.languages.esql import Field, Index, NotInGrammar, Refused, Undocumented
from tests.languages.lucene.query import found

__all__ = ["Field", "Index", "NotInGrammar", "Refused", "Undocumented", "found"]
