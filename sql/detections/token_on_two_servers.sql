-- title: MCP Token Accepted By Two Servers It Was Not Made For
-- id: 8dc0cba3-3449-4a27-ab0d-cc619894167a
-- status: experimental
-- level: critical
-- description: |
--   What it does: gives the call at which one token (token_jti) has been accepted at two audiences within an hour,
--   as one gateway saw it, and at one of them at least the token is not known to name that audience. One row each
--   time it happens.
--   Why it matters: a server that passes its caller's token on, or a token that was stolen from it, looks like
--   this even where the log holds no audience of the token. Whoever holds it acts as the user everywhere it is
--   accepted.
--   What it misses: tokens exchanged for others on the way, gateways that see one hop each, tokens that name many
--   audiences, and sources that log no token id or no audience of the server.
--   Response: playbook contain-server on the second server, since it takes foreign tokens; revoke the token and
--   ask the first server's owner where it goes.
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
--   - atlas.aml.t0012
--   - owasp.mcp01-2025-token-mismanagement-and-secret-exposure
--   - owasp.mcp07-2025-insufficient-authentication-and-authorization
--   - safe.t1307
--   - safe.t1304
-- falsepositives:
--   - A server known by two addresses, of which the token names one
-- custom:
--   risk: confused-deputy
--   needs: [token_jti, server_audience, decision]
--   subject: server
--   playbook: contain-server
WITH accepted AS (
  SELECT
    event_ms,
    event_key,
    token_jti,
    COALESCE(gateway, '') AS hop,
    server_name,
    server_audience,
    CASE WHEN COALESCE(audience_match, FALSE) = FALSE THEN 1 ELSE 0 END AS foreign_token
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND decision = 'allow'
    AND COALESCE(status, 'ok') <> 'denied'
    AND server_audience IS NOT NULL
),
carried AS (
  SELECT token_jti
  FROM accepted
  GROUP BY token_jti
  HAVING MIN(server_audience) <> MAX(server_audience)
     AND MAX(foreign_token) = 1
),
looked AS (
  SELECT
    event_ms,
    event_key,
    token_jti,
    hop,
    server_name,
    MIN(server_audience) OVER (
      PARTITION BY token_jti, hop
      ORDER BY event_ms
      RANGE BETWEEN 3599999 PRECEDING AND CURRENT ROW
    ) AS first_audience,
    MAX(server_audience) OVER (
      PARTITION BY token_jti, hop
      ORDER BY event_ms
      RANGE BETWEEN 3599999 PRECEDING AND CURRENT ROW
    ) AS last_audience,
    MAX(foreign_token) OVER (
      PARTITION BY token_jti, hop
      ORDER BY event_ms
      RANGE BETWEEN 3599999 PRECEDING AND CURRENT ROW
    ) AS foreign_token
  FROM accepted
  WHERE token_jti IN (SELECT token_jti FROM carried)
),
judged AS (
  SELECT
    event_ms,
    event_key,
    token_jti,
    hop,
    server_name,
    CASE WHEN first_audience <> last_audience AND foreign_token = 1 THEN 1 ELSE 0 END AS is_spread
  FROM looked
),
compared AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    is_spread,
    LAG(is_spread) OVER (PARTITION BY token_jti, hop ORDER BY event_ms, event_key) AS was_spread
  FROM judged
)
SELECT
  event_ms,
  event_key,
  server_name AS subject
FROM compared
WHERE is_spread = 1
  AND COALESCE(was_spread, 0) = 0
