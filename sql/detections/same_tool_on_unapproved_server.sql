-- title: MCP Tool Of An Approved Server Called On One That Is Not
-- id: b9e54210-5433-4fdf-8434-1329ea84b1d4
-- status: experimental
-- level: medium
-- description: |
--   What it does: gives the first call of a tool on a server that the registry does not call approved, after the
--   tool of the same name was called on another server, which was. A call that says nothing of the registry
--   counts as not approved. A server that was approved at any time of the log is left out. One row a tool and
--   server.
--   Why it matters: agents choose tools by their names. A server that offers an approved one's names is chosen in
--   its place and gets its arguments.
--   What it misses: names that differ by a letter, sources that log no registry status at all, a shadow that was
--   called before the real one was, and one that a single line of the log calls approved.
--   Response: playbook contain-server on the server of the event; find who put it into a client's configuration.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0103
--   - https://atlas.mitre.org/techniques/AML.T0110
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0103
--   - atlas.aml.t0110
--   - owasp.mcp09-2025-shadow-mcp-servers
--   - owasp.mcp03-2025-tool-poisoning
--   - safe.t1008
--   - safe.t1301
-- falsepositives:
--   - Two instances of one package, of which one still waits for its approval
--   - Names that every server has, such as search or fetch
-- custom:
--   risk: shadow-server
--   needs: [tool_name, server_name, registry_status]
--   subject: server
--   playbook: contain-server
WITH approved AS (
  SELECT
    tool_name,
    server_name,
    event_ms
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND registry_status = 'approved'
    AND server_name IS NOT NULL
),
known AS (
  SELECT
    tool_name,
    MIN(event_ms) AS called_ms
  FROM approved
  GROUP BY tool_name
),
shadows AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    tool_name
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND COALESCE(registry_status, 'unknown') <> 'approved'
    AND server_name NOT IN (SELECT server_name FROM approved)
),
placed AS (
  SELECT
    shadows.event_ms,
    shadows.event_key,
    shadows.server_name,
    ROW_NUMBER() OVER (
      PARTITION BY shadows.tool_name, shadows.server_name
      ORDER BY shadows.event_ms, shadows.event_key
    ) AS place
  FROM shadows
  JOIN known
    ON shadows.tool_name = known.tool_name
   AND shadows.event_ms >= known.called_ms
)
SELECT
  event_ms,
  event_key,
  server_name AS subject
FROM placed
WHERE place = 1
