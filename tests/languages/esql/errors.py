"""The three ways in which this reading of ES|QL says no; a result is never guessed."""


class NotInGrammar(Exception):
    """The text leaves the small grammar that is read here; ES|QL itself may know it."""


class Undocumented(Exception):
    """The product's documents do not say what this means, or say that it varies: no verdict rests on it."""


class Refused(Exception):
    """Elasticsearch documents an error for this query or mapping: unknown column, types that do not mix."""
