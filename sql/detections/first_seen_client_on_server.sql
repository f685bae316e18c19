-- title: MCP Client New To A Server
-- id: 33c72965-e85c-4bae-b45d-ab70535a015d
-- status: experimental
-- level: low
-- description: |
--   What it does: gives the first call in thirty days of a client to a server. It learns for seven days: nothing
--   counts as new in the week that begins with the first day after which two more days of the same week have
--   events. So a single line of an older date does not end the learning.
--   Why it matters: context for other findings: a shadow server, a stolen token and a curious agent all begin with
--   a pair that nobody saw before.
--   What it misses: clients that share one id, sources that log no client, the first week, and logs that never
--   hold three days within a week. Old lines on three days of one week, forged, end the learning and make
--   everything new.
--   Response: look whether anybody announced it; alone it calls for nothing.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0081
--   - https://atlas.mitre.org/techniques/AML.T0012
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0081
--   - atlas.aml.t0012
--   - owasp.mcp09-2025-shadow-mcp-servers
--   - owasp.mcp07-2025-insufficient-authentication-and-authorization
--   - safe.t1003
--   - safe.t1004
-- falsepositives:
--   - Every rollout of a client or a server
-- custom:
--   risk: shadow-server
--   needs: [client_id, server_name]
--   subject: client
--   playbook: none
WITH calls AS (
  SELECT
    event_ms,
    event_key,
    client_id,
    server_name
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
),
logged AS (
  SELECT MIN(event_ms) AS logged_ms
  FROM mcp_audit
  GROUP BY event_ms - event_ms % 86400000
),
weeks AS (
  SELECT
    logged_ms,
    LEAD(logged_ms, 2) OVER (ORDER BY logged_ms) AS third_ms
  FROM logged
),
days AS (
  SELECT
    client_id,
    server_name,
    MIN(event_ms) AS first_ms,
    MAX(event_ms) AS last_ms
  FROM calls
  GROUP BY client_id, server_name, event_ms - event_ms % 86400000
),
compared AS (
  SELECT
    client_id,
    server_name,
    first_ms,
    LAG(last_ms) OVER (PARTITION BY client_id, server_name ORDER BY first_ms) AS called_ms
  FROM days
),
fresh AS (
  SELECT
    client_id,
    server_name,
    first_ms
  FROM compared
  WHERE (called_ms IS NULL OR first_ms - called_ms >= 2592000000)
    AND first_ms >= (SELECT MIN(logged_ms) + 604800000 FROM weeks WHERE third_ms - logged_ms < 604800000)
)
SELECT
  calls.event_ms,
  MIN(calls.event_key) AS event_key,
  calls.client_id AS subject
FROM calls
JOIN fresh
  ON calls.client_id = fresh.client_id
 AND calls.server_name = fresh.server_name
 AND calls.event_ms = fresh.first_ms
GROUP BY calls.event_ms, calls.client_id, calls.server_name
