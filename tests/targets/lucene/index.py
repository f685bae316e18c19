"""The places of the events that a query string finds, over the data stream as it is shipped."""

from collections.abc import Mapping

from tests.languages.lucene import Index, found
from tests.targets.es import ground


def places(query: str, indices: Mapping[str, Index]) -> tuple[int, ...]:
    """In the data stream of `ground.held`."""
    return tuple(sorted(int(document["_id"]) for document in found(query, indices[ground.STREAM])))
