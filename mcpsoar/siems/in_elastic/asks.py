"""What Elastic has to be told that no other SIEM asks."""

from mcpsoar.kit.mapping import MappingKey
from mcpsoar.siems.objects import BuildOption

CLUSTER = BuildOption("cluster", "a remote cluster to search.")
TIER = BuildOption(
    "tier", "what the licence allows.", choices=("basic", "platinum", "enterprise"), default="basic"
)
SPACE = BuildOption("space", "Kibana's space.", default="default")
# page "Data streams", naming scheme: no hyphen within, lower case
DATASET_KEY = MappingKey(
    "dataset", r"[a-z0-9_.]+", "dataset is Elastic's, without a hyphen, such as example.gateway"
)
PROFILE_KEYS = ("kibana", "space", "timeout_s")
ADDRESSES = ("kibana",)
