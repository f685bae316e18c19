-- title: MCP First Write With A Tool Within Ten Minutes Of Open-World Content
-- id: 32c9a148-d7f8-410d-ae9a-b194143333df
-- status: experimental
-- level: high
-- description: |
--   What it does: gives a writing or destructive call that policy allowed without an approval, at most ten minutes
--   after the same conversation read from the open world, with a tool that its actor had not used in the thirty
--   days before. The subject is the server that the content came from.
--   Why it matters: text that anybody can write came into the conversation, and the next thing the agent did was
--   something this actor never does. That is how an instruction in a page becomes an act.
--   What it misses: a write that waits longer than ten minutes or comes in another conversation, a tool that the
--   actor uses anyway, exfiltration by reading, and sources that do not say which tools meet the open world.
--   Response: freeze the conversation, undo the write with its owner and read the content; playbook contain-server
--   on the server that brought it when it will come again.
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
--   - atlas.aml.t0086
--   - owasp.mcp06-2025-prompt-injection-via-contextual-payloads
--   - owasp.mcp10-2025-context-injection-and-over-sharing
--   - safe.t1102
--   - safe.t1401
--   - safe.t1309
-- falsepositives:
--   - Research that is saved with a tool used for the first time; in the first days of a log every tool is
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
    CASE WHEN action_class = 'read' AND open_world = TRUE THEN 1 ELSE 0 END AS is_retrieval,
    CASE WHEN action_class IN ('write', 'destructive')
          AND approval_id IS NULL
         THEN 1 ELSE 0 END AS is_write
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND decision = 'allow'
    AND COALESCE(status, 'ok') <> 'denied'
    AND server_name IS NOT NULL
    AND tool_name IS NOT NULL
),
writing AS (
  SELECT conversation_id
  FROM executed
  GROUP BY conversation_id
  HAVING MAX(is_write) = 1
),
followed AS (
  SELECT
    event_ms,
    event_key,
    actor_id,
    server_name,
    tool_name,
    is_write,
    MAX(CASE WHEN is_retrieval = 1 THEN server_name END) OVER (
      PARTITION BY conversation_id
      ORDER BY event_ms
      RANGE BETWEEN 600000 PRECEDING AND CURRENT ROW
    ) AS brought_by
  FROM executed
  WHERE conversation_id IN (SELECT conversation_id FROM writing)
),
writes AS (
  SELECT
    event_ms,
    event_key,
    actor_id,
    server_name,
    tool_name,
    brought_by
  FROM followed
  WHERE is_write = 1
    AND brought_by IS NOT NULL
),
habits AS (
  SELECT
    executed.event_key,
    executed.event_ms,
    LAG(executed.event_ms) OVER (
      PARTITION BY executed.actor_id, executed.server_name, executed.tool_name
      ORDER BY executed.event_ms, executed.event_key
    ) AS used_ms
  FROM executed
  WHERE executed.actor_id IN (SELECT actor_id FROM writes)
)
SELECT
  writes.event_ms,
  writes.event_key,
  writes.brought_by AS subject
FROM writes
JOIN habits
  ON writes.event_key = habits.event_key
 AND writes.event_ms = habits.event_ms
WHERE habits.used_ms IS NULL
   OR writes.event_ms - habits.used_ms > 2592000000
