-- title: MCP Tool New To Its Actor After Open-World Content
-- id: c7b0864f-43e6-4398-9e84-5ee8840a22bb
-- status: experimental
-- level: medium
-- description: |
--   What it does: gives the first call in thirty days that an actor got through to a tool, where the same
--   conversation had read from the open world within the day before. It learns for seven days: nothing counts as
--   new in the first week of a log.
--   Why it matters: content from outside that steers an agent shows in what it does next: a tool that this actor
--   never needed before.
--   What it misses: tools that the actor uses anyway, content that was read in another conversation, actors that
--   share one name, and the first week.
--   Response: read what the conversation was shown before; freeze it and use playbook contain-server on the
--   content's server when the content asked for the call.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0051.001
--   - https://atlas.mitre.org/techniques/AML.T0053
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0051.001
--   - atlas.aml.t0053
--   - owasp.mcp06-2025-prompt-injection-via-contextual-payloads
--   - owasp.mcp10-2025-context-injection-and-over-sharing
--   - safe.t1102
--   - safe.t1309
-- falsepositives:
--   - A new colleague, and a tool that was released this week
-- custom:
--   risk: prompt-injection
--   needs: [conversation_id, actor_id, server_name, tool_name, open_world, action_class, decision]
--   subject: server
--   playbook: contain-server
WITH executed AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    actor_id,
    server_name,
    tool_name,
    action_class,
    open_world
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND decision = 'allow'
    AND COALESCE(status, 'ok') <> 'denied'
),
days AS (
  SELECT
    actor_id,
    server_name,
    tool_name,
    MIN(event_ms) AS first_ms,
    MAX(event_ms) AS last_ms
  FROM executed
  GROUP BY actor_id, server_name, tool_name, event_ms - event_ms % 86400000
),
compared AS (
  SELECT
    actor_id,
    server_name,
    tool_name,
    first_ms,
    LAG(last_ms) OVER (PARTITION BY actor_id, server_name, tool_name ORDER BY first_ms) AS used_ms
  FROM days
),
fresh AS (
  SELECT
    actor_id,
    server_name,
    tool_name,
    first_ms
  FROM compared
  WHERE (used_ms IS NULL OR first_ms - used_ms > 2592000000)
    AND first_ms >= (SELECT MIN(event_ms) + 604800000 FROM mcp_audit)
),
calls AS (
  SELECT
    executed.event_ms,
    executed.event_key,
    executed.conversation_id
  FROM executed
  JOIN fresh
    ON executed.actor_id = fresh.actor_id
   AND executed.server_name = fresh.server_name
   AND executed.tool_name = fresh.tool_name
   AND executed.event_ms = fresh.first_ms
)
SELECT
  calls.event_ms,
  calls.event_key,
  MAX(brought.server_name) AS subject
FROM calls
JOIN executed AS brought
  ON calls.conversation_id = brought.conversation_id
 AND (calls.event_key <> brought.event_key OR calls.event_ms <> brought.event_ms)
 AND brought.event_ms BETWEEN calls.event_ms - 86400000 AND calls.event_ms
WHERE brought.action_class = 'read'
  AND brought.open_world = TRUE
GROUP BY calls.event_ms, calls.event_key
