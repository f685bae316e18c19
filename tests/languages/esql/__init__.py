"""ES|QL as its documents promise it, over documents in memory: an oracle for the tests of conversions.

Read from the Elasticsearch reference for 9.x (state of August 2026) and from what the product's own csv-spec
tests show. Needed at least: 9.1 for lists after LIKE, `new = old` in RENAME; 9.2 for lists after RLIKE,
LOOKUP JOIN on several fields, MV_CONTAINS (preview) and INLINE STATS (preview).
Every rule names its source; *assumed* marks what no source says. It shares nothing with the code that writes
ES|QL.
"""

from tests.languages.esql.errors import NotInGrammar, Refused, Undocumented
from tests.languages.esql.run import Rows, run
from tests.languages.esql.tables import Field, Index

__all__ = ["Field", "Index", "NotInGrammar", "Refused", "Rows", "Undocumented", "run"]
