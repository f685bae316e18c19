"""What each attack of the drill must do: the table that the drill is judged by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`attack` names a play of `lab.attacks`; the rules must fire on it, the gate must page, no others may.

    The first of `rules` is the attack's own, the others see a part of it. `gate` is None for an attack that
    no gate counts. `decision` is what the gateway's policy said of the attack's last call, as the audit log
    has it.
    """

    attack: str
    rules: tuple[str, ...]
    gate: str | None
    decision: str


ROWS = (
    Row("shadow-server", ("shadow_server_in_production",), "registry-drift", "DENY"),
    Row(
        "unapproved-write",
        (
            "write_after_untrusted_content",
            "retrieval_then_write",
            "injection_then_write",
            "injection_in_output",
        ),
        "unapproved-write-calls",
        "ALLOW",
    ),
    Row("rug-pull", ("manifest_drift_outside_window",), "manifest-drift", "DENY"),
    Row("relayed-token", ("token_for_other_audience", "scope_mismatch_refused"), None, "DENY"),
    Row("scope-burst", ("write_by_read_only_principal", "scope_mismatch_refused"), "scope-mismatch", "DENY"),
    Row("secret-in-output", ("secret_in_tool_output", "output_quarantined"), "quarantine-ratio", "ALLOW"),
    Row("tool-loop", ("call_chain_too_deep", "server_cycle_in_trace"), None, "ALLOW"),
)
