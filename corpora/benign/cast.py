"""Who works here, and what their tokens are for."""

from corpora.benign.talk import Person

_DEVELOPER = {
    "files": "rwd",
    "git": "rwd",
    "github": "rw",
    "jira": "rw",
    "web": "r",
    "notes": "rw",
    "thinking": "r",
}
_SUPPORT = {"crm": "rw", "jira": "rw", "web": "r", "github": "r", "notes": "rw", "time": "r"}

ALICE = Person("alice@example.com", "human", _DEVELOPER, revision="session")
BOB = Person("bob@example.com", "human", _DEVELOPER)
FRANK = Person("frank@example.com", "human", _DEVELOPER)
# comes when the others have worked here for a week
HEIDI = Person("heidi@example.com", "human", _DEVELOPER)
CAROL = Person("carol@example.com", "human", _SUPPORT)
GRACE = Person("grace@example.com", "human", _SUPPORT, revision="session")
ERIN = Person(
    "erin@example.com",
    "human",
    {"sqlite": "rw", "time": "r", "everything": "rw", "notes": "rw"},
    one_token=("time", "everything"),
)
DAVE = Person(
    "dave@example.com",
    "human",
    {"files": "rwd", "git": "rwd", "memory": "rwd", "everything": "rw", "github": "rwd"},
    tags=("platform",),
)
# the account for the night on which nothing else works: every use of it is looked at afterwards
EMERGENCY = Person("emergency@example.com", "human", {"github": "rwd", "jira": "rwd"}, extra_scopes=("*",))

REPORTS = Person(
    "nightly-reports@example.com",
    "service",
    {"crm": "r", "jira": "r", "github": "r", "time": "r"},
    tags=("read_only",),
    ttl_s=21_600.0,
)
BACKUP = Person("backup@example.com", "service", {"files": "r"}, tags=("read_only",), ttl_s=21_600.0)
# new in the second week, as is what it calls
INVOICES = Person(
    "invoices@example.com", "service", {"crm": "r", "jira": "r"}, tags=("read_only",), ttl_s=21_600.0
)
MONITOR = Person(
    "monitor@example.com",
    "service",
    {"jira": "r", "github": "r", "time": "r", "everything": "r"},
    tags=("read_only",),
    ttl_s=3700.0,
)
ONCALL = Person(
    "incident-bot@example.com", "service", {"github": "rw", "jira": "rw", "time": "r"}, ttl_s=3700.0
)
TRIAGE = Person("ticket-agent@example.com", "agent", {"jira": "rw", "github": "r"}, ttl_s=3600.0)
RESEARCH = Person(
    "market-agent@example.com",
    "agent",
    {"web": "r", "fetch": "r", "notes": "rw", "thinking": "r", "memory": "rwd", "time": "r"},
    ttl_s=3600.0,
)
INDEX = Person(
    "index-agent@example.com", "agent", {"fetch": "r", "notes": "rw", "files": "r", "memory": "rwd"}
)
RELEASE = Person(
    "release-agent@example.com", "agent", {"github": "rw", "git": "rwd", "jira": "rw", "thinking": "r"}
)
