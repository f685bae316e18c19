"""The tenant of a document, settled as it comes in: one text by which everything can be grouped, or `-`.

A list would make one event several tenants', and a text longer than a term, or an object where the mapping
has a text, would lose the whole document. A number is its digits, as shippers write one without quotes.
"""

from typing import Any

from mcpsoar.kit import stored
from mcpsoar.targets.es import fields

NONE = "-"  # as targets.spl has it: a customer cannot be called so
_SCRIPT = """\
boolean isBlank(String text, List blanks) {
  return text.chars().allMatch(one -> blanks.contains(one));
}

def parts = params.parts;
def nested = ctx;
for (def part : parts) {
  nested = nested instanceof Map ? nested.get(part) : null;
}
def dotted = parts.size() > 1 ? ctx.remove(params.field) : null;
def found = dotted == null ? nested : nested == null ? dotted : null;
if (found instanceof Integer || found instanceof Long) {
  found = found.toString();
}
boolean isOne = found instanceof String && found.length() <= params.longest && !isBlank(found, params.blanks);
Map place = ctx;
for (int at = 0; at < parts.size() - 1; ++at) {
  if (!(place.get(parts.get(at)) instanceof Map)) {
    place.put(parts.get(at), new HashMap());
  }
  place = (Map) place.get(parts.get(at));
}
place.put(parts.get(parts.size() - 1), isOne ? found : params.none);
"""


def step(field: str) -> dict[str, Any]:
    """A processor, to come first: what is rejected later keeps its tenant, too."""
    params = {
        "field": field,
        "parts": field.split("."),
        "blanks": list(stored.BLANKS),
        "longest": fields.LONGEST,
        "none": NONE,
    }
    return {"script": {"source": _SCRIPT, "params": params}}
