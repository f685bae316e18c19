"""One signature over one text, by the key that the settings name: in a file, or in ssh-agent."""

from mcpsoar.audit import agent as agents
from mcpsoar.audit import keyfile
from mcpsoar.audit.key import PublicKey
from mcpsoar.audit.sshsig import Signature, payload
from mcpsoar.core.errors import Denied
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Signing


def sign(message: bytes, signing: Signing, *, clock: Clock, wait_s: float) -> Signature:
    """Sign, and check what came of it. ssh-agent is waited for `wait_s` at most, for each of its answers.

    Raises Usage (a key that cannot be used, or several that may be meant) and Denied (the agent is not there,
    refused, or lacks the key). No message says anything of a private key.
    """
    agent = agents.Agent(signing.agent, clock, wait_s)
    by = _by_file if signing.is_file else _by_agent
    signature = by(message, signing.key, agent)
    if not signature.is_of(message):
        raise Denied("what came back is no signature of this text by this key")
    return signature


def _by_file(message: bytes, path: str, agent: agents.Agent) -> Signature:
    file = keyfile.read(path)
    if file.has_passphrase and _holds(agent, file.key):
        return Signature(file.key, agent.sign(file.key, payload(message)))
    return Signature(file.key, file.sign(payload(message)))


def _by_agent(message: bytes, which: str, agent: agents.Agent) -> Signature:
    key = agents.chosen(agent.held(), which)
    return Signature(key, agent.sign(key, payload(message)))


def _holds(agent: agents.Agent, key: PublicKey) -> bool:
    try:
        return any(held.key == key for held in agent.held())
    except Denied:
        return False
