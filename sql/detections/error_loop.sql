-- title: MCP Tool Called On Through Ten Errors In Five Minutes
-- id: 389b7349-b9df-4885-a500-623a8ec23f7b
-- status: experimental
-- level: low
-- description: |
--   What it does: gives the call that is the tenth of one conversation within five minutes that failed at the same
--   tool. One row each time the number is reached.
--   Why it matters: an agent that does not read the error will call on until somebody stops it. Ten errors of one
--   tool are also what trying its arguments looks like.
--   What it misses: loops slower than the window, loops over several tools or conversations, and tools that call
--   their failure a success.
--   Response: stop the conversation and read the error; where the server fails everybody, playbook contain-server
--   on it.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0034.002
--   - https://atlas.mitre.org/techniques/AML.T0029
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0034.002
--   - atlas.aml.t0029
--   - owasp.mcp10-2025-context-injection-and-over-sharing
--   - safe.t1106
--   - safe.t2102
-- falsepositives:
--   - A server that is down while a batch job works through its list
-- custom:
--   risk: runaway-chain
--   needs: [conversation_id, tool_name, status]
--   subject: conversation
--   playbook: contain-server
WITH counted AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    server_name,
    tool_name,
    COUNT(*) OVER (
      PARTITION BY conversation_id, server_name, tool_name
      ORDER BY event_ms
      RANGE BETWEEN 299999 PRECEDING AND CURRENT ROW
    ) AS failures
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND (is_error = TRUE OR status = 'error')
    AND conversation_id IS NOT NULL
    AND tool_name IS NOT NULL
),
compared AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    failures,
    LAG(failures) OVER (
      PARTITION BY conversation_id, server_name, tool_name
      ORDER BY event_ms, event_key
    ) AS failures_before
  FROM counted
)
SELECT
  event_ms,
  event_key,
  conversation_id AS subject
FROM compared
WHERE failures >= 10
  AND COALESCE(failures_before, 0) < 10
