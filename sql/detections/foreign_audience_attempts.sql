-- title: MCP Client Tries Tokens That Were Made For Other Servers
-- id: 096e384f-a823-4f45-b280-4560fc12c8a1
-- status: experimental
-- level: medium
-- description: |
--   What it does: gives the refusal that is a client's fifth within fifteen minutes for a token whose audience is
--   not the server that it was sent to. One row each time the number is reached.
--   Why it matters: one such refusal is a mistake in a configuration. Five in a row from one client is a token
--   being carried from door to door, and the next server may not look at the audience.
--   What it misses: attempts slower than the window or under several client names, tokens with many audiences, and
--   every attempt that was let in: foreign_token_accepted sees those.
--   Response: freeze the client and revoke the token (token_jti); playbook contain-server on each server that let
--   the same client in.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0091.000
--   - https://atlas.mitre.org/techniques/AML.T0091
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0091.000
--   - atlas.aml.t0091
--   - owasp.mcp01-2025-token-mismanagement-and-secret-exposure
--   - owasp.mcp07-2025-insufficient-authentication-and-authorization
--   - safe.t1307
--   - safe.t1304
-- falsepositives:
--   - A resource address that changed with a deployment, down to a trailing slash; many clients at once say so
-- custom:
--   risk: confused-deputy
--   needs: [client_id, token_aud, server_audience, decision]
--   subject: client
--   playbook: contain-server
WITH counted AS (
  SELECT
    event_ms,
    event_key,
    client_id,
    COUNT(*) OVER (
      PARTITION BY client_id
      ORDER BY event_ms
      RANGE BETWEEN 899999 PRECEDING AND CURRENT ROW
    ) AS refusals
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND decision = 'deny'
    AND audience_match = FALSE
    AND client_id IS NOT NULL
),
compared AS (
  SELECT
    event_ms,
    event_key,
    client_id,
    refusals,
    LAG(refusals) OVER (PARTITION BY client_id ORDER BY event_ms, event_key) AS refusals_before
  FROM counted
)
SELECT
  event_ms,
  event_key,
  client_id AS subject
FROM compared
WHERE refusals >= 5
  AND COALESCE(refusals_before, 0) < 5
