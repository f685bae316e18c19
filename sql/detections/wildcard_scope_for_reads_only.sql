-- title: MCP Client With A Wildcard Scope That Only Reads
-- id: 8b47a2e7-8736-4f8a-a57b-fe0ab8772d1b
-- status: experimental
-- level: low
-- description: |
--   What it does: gives the fiftieth reading call that a client got through with a token holding a wildcard or
--   admin scope, where no writing call with such a token is in the log. One row a client.
--   Why it matters: a scope for everything that is used for reading alone is power that only an attacker will use.
--   What it misses: clients with many narrow scopes that they do not use, and clients that wrote once.
--   Response: hygiene: give the client a scope for what it reads. Nothing is to be contained.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0055
--   - https://atlas.mitre.org/techniques/AML.T0012
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0055
--   - atlas.aml.t0012
--   - owasp.mcp02-2025-privilege-escalation-via-scope-creep
--   - owasp.mcp01-2025-token-mismanagement-and-secret-exposure
--   - safe.t1308
--   - safe.t1104
-- falsepositives:
--   - A client that writes once a month, looked at over a shorter log
-- custom:
--   risk: over-scoped-token
--   needs: [client_id, token_scopes, action_class, decision]
--   subject: client
--   playbook: none
WITH broad AS (
  SELECT
    event_ms,
    event_key,
    client_id,
    action_class
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND decision = 'allow'
    AND COALESCE(status, 'ok') <> 'denied'
    AND has_wildcard_scope = TRUE
    AND client_id IS NOT NULL
),
reads AS (
  SELECT
    event_ms,
    event_key,
    client_id,
    ROW_NUMBER() OVER (PARTITION BY client_id ORDER BY event_ms, event_key) AS place
  FROM broad
  WHERE action_class = 'read'
)
SELECT
  event_ms,
  event_key,
  client_id AS subject
FROM reads
WHERE place = 50
  AND client_id NOT IN (SELECT client_id FROM broad WHERE action_class IN ('write', 'destructive'))
