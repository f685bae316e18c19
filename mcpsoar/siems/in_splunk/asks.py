"""What Splunk has to be told that no other SIEM asks."""

from mcpsoar.kit.mapping import MappingKey

SOURCETYPE_KEY = MappingKey(
    "sourcetype", r"[A-Za-z0-9_:./-]+", "sourcetype is Splunk's, such as example:gateway"
)
PROFILE_KEYS = ("app", "owner", "sharing", "scheme", "timeout_s")
