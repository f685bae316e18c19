-- title: MCP Client Holds More Scopes Than Ever Before
-- id: 11e1bb1f-c151-4fdb-92cc-6dc932b008d4
-- status: experimental
-- level: medium
-- description: |
--   What it does: gives the event at which an actor's token for a client and server carries more scopes than any
--   earlier one in the log, with no ticket and without a call refused for its scope in the five minutes before. It
--   compares how many, not which.
--   Why it matters: scopes that creep up are kept. Each step looks small, and at the end a stolen token opens
--   everything.
--   What it misses: scopes that are exchanged for mightier ones while their number stays, a growth that is hidden
--   behind a refused call, and the first token of the log.
--   Response: ask the client's owner what for; revoke the token and grant the smaller set again. Nothing is to be
--   contained until a call used it.
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
--   - A release of the client that asks for one scope more at login
-- custom:
--   risk: over-scoped-token
--   needs: [actor_id, client_id, server_name, token_scopes]
--   subject: client
--   playbook: none
WITH grown AS (
  SELECT actor_id
  FROM mcp_audit
  GROUP BY actor_id, client_id, server_name
  HAVING MIN(token_scope_count) < MAX(token_scope_count)
),
compared AS (
  SELECT
    event_ms,
    event_key,
    client_id,
    change_ticket,
    token_scope_count,
    MAX(token_scope_count) OVER (
      PARTITION BY actor_id, client_id, server_name
      ORDER BY event_ms
      RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS most_before,
    MAX(CASE WHEN decision = 'deny' AND scope_match = FALSE THEN 1 ELSE 0 END) OVER (
      PARTITION BY actor_id, client_id, server_name
      ORDER BY event_ms
      RANGE BETWEEN 299999 PRECEDING AND CURRENT ROW
    ) AS was_asked
  FROM mcp_audit
  WHERE actor_id IN (SELECT actor_id FROM grown)
    AND client_id IS NOT NULL
    AND server_name IS NOT NULL
)
SELECT
  event_ms,
  event_key,
  client_id AS subject
FROM compared
WHERE token_scope_count > most_before
  AND was_asked = 0
  AND change_ticket IS NULL
