"""The two refusals of this oracle: it answers by the documentation or not at all."""


class NotInGrammar(Exception):
    """The text holds a command, an option or a form that this small grammar does not know."""


class Undocumented(Exception):
    """What Splunk would do here is not written down, or in two ways, and it decides the answer."""
