"""What the objects of the pack are called in Elastic. A name never changes: an upgrade finds them by it."""

import re
from uuid import UUID, uuid5

from mcpsoar.core.errors import Usage
from mcpsoar.siems.asked import Content, Options
from mcpsoar.siems.in_elastic.asks import CLUSTER, DATASET_KEY, SPACE, TIER
from mcpsoar.targets.es import paths

TAG = "mcpsoar"
LIST = "mcpsoar"  # the exceptions that analysts share
MAPPINGS, SETTINGS, CUSTOM = "mcp-audit@mappings", "mcp-audit@settings", "mcp-audit@custom"
TEMPLATE = PIPELINE = "mcp-audit"
_NAMESPACE = UUID("5f1f6b0e-6a54-5a0b-9b2d-0c7f3d1f7a11")
_SHAPES = {
    # page "Create index": lower case, none of \ / * ? " < > | , # :, no leading - _ +; here with * and lists
    "index": re.compile(r"[a-z0-9.][a-z0-9._-]*\*?(,[a-z0-9.][a-z0-9._-]*\*?)*"),
    "tenant-field": re.compile(r"[A-Za-z_@][A-Za-z0-9_@]*(\.[A-Za-z_@][A-Za-z0-9_@]*)*"),
    "space": re.compile(r"[a-z0-9_-]+"),
    "cluster": re.compile(r"[A-Za-z0-9_*-]+"),
}


def fixed(*parts: str) -> str:
    """The UUID of something that has none of its own, always the same."""
    return str(uuid5(_NAMESPACE, "\0".join(parts)))


def own_list(rule_id: str) -> str:
    """The list of what an overlay allows one rule."""
    return f"{LIST}-{rule_id}"


def index(content: Content) -> str:
    """The data streams on their own cluster: what the user says, else what their log's mapping says."""
    dataset = content.mapping.own.get(DATASET_KEY.name) if content.mapping else None
    return content.options.index or (f"logs-{dataset}-*" if dataset else paths.INDEX)


def source(content: Content) -> str:
    """What follows FROM."""
    cluster = content.options.of(CLUSTER)
    return ",".join(f"{cluster}:{one}" if cluster else one for one in index(content).split(","))


def by_tenant(options: Options, *names: str) -> list[str]:
    """These fields, and the tenant's before them where one is named."""
    return [*([options.tenant] if options.tenant else []), *names]


def check(options: Options) -> None:
    """Raise Usage for a name that Elastic takes for something else, or for what the licence has not."""
    own = {option.name: options.of(option) for option in (SPACE, CLUSTER)}
    for name, said in {"index": options.index, "tenant-field": options.tenant, **own}.items():
        if said and not _SHAPES[name].fullmatch(said):
            raise Usage(f"--{name} is no name that Elastic takes: {said!r}")
    if options.of(CLUSTER) and options.of(TIER) != "enterprise":
        # Elasticsearch 9.2, EsqlLicenseChecker: the feature esql-ccs
        raise Usage("ES|QL across clusters needs an Enterprise licence: say --tier enterprise")
