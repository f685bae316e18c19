-- title: MCP Server Called That Nobody Listed For A Day
-- id: e33effbb-8887-4e6e-b93f-eb86ba18614b
-- status: experimental
-- level: low
-- description: |
--   What it does: gives the first call that a server answers although no listing of its tools is in the log for
--   more than twenty-four hours, in a log that holds listings. It learns for a day: the log's beginning counts as
--   a listing of everything.
--   Why it matters: an agent lists before it calls. Where calls arrive and listings do not, the listing went
--   around the gateway, or the caller is no agent.
--   What it misses: servers that never cross the gateway, such as one on a laptop, and servers that are listed
--   now and then. A line of an older date ends the day of learning, and then every server is new that was not
--   listed before its first call.
--   Response: find where the client gets the tools from; register the server or remove it.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0081
--   - https://atlas.mitre.org/techniques/AML.T0103
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0081
--   - atlas.aml.t0103
--   - owasp.mcp09-2025-shadow-mcp-servers
--   - owasp.mcp07-2025-insufficient-authentication-and-authorization
--   - safe.t1003
--   - safe.t1004
-- falsepositives:
--   - A client that keeps a listing for longer than a day
--   - A job that calls one tool by its name
-- custom:
--   risk: shadow-server
--   needs: [server_name, event_kind, decision]
--   subject: server
--   playbook: none
WITH listings AS (
  SELECT event_ms
  FROM mcp_audit
  WHERE event_kind = 'tools_list'
),
events AS (
  SELECT
    event_ms,
    event_key,
    event_kind,
    server_name,
    decision,
    status,
    MAX(CASE WHEN event_kind = 'tools_list' THEN event_ms END) OVER (
      PARTITION BY server_name
      ORDER BY event_ms
    ) AS listed_ms,
    (SELECT MIN(event_ms) FROM mcp_audit) AS begun_ms
  FROM mcp_audit
  WHERE server_name IS NOT NULL
    AND (SELECT COUNT(*) FROM listings) > 0
),
placed AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    ROW_NUMBER() OVER (PARTITION BY server_name, listed_ms ORDER BY event_ms, event_key) AS place
  FROM events
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND decision = 'allow'
    AND COALESCE(status, 'ok') <> 'denied'
    AND event_ms - COALESCE(listed_ms, begun_ms) >= 86400000
)
SELECT
  event_ms,
  event_key,
  server_name AS subject
FROM placed
WHERE place = 1
