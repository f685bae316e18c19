-- title: MCP First Write With A Tool Within Ten Minutes Of Open-World Content
-- id: 32c9a148-d7f8-410d-ae9a-b194143333df
-- status: experimental
-- level: high
-- description: |
--   What it does: gives a writing or destructive call that went through without an approval, at most ten minutes
--   after the same conversation read from the open world, with a tool that its actor had not used in the thirty
--   days before. Went through: policy allowed it, or no policy decided and it ended well. A page counts unless
--   its call was refused or held. An event without an actor is measured by its conversation. The subject is the
--   server that the latest page before the write came from.
--   Why it matters: text that anybody can write came into the conversation, and the next thing the agent did was
--   something this actor never does. That is how an instruction in a page becomes an act.
--   What it misses: a write that waits longer than ten minutes or comes in another conversation, a tool that the
--   actor uses anyway or once used for something small, exfiltration by reading, and sources that do not say
--   which tools meet the open world. A harmless page read last draws the blame to its own server; look at the
--   pages before it too.
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
    CASE WHEN actor_id IS NULL THEN conversation_id ELSE '' END AS nameless,
    server_name,
    tool_name,
    CASE WHEN action_class = 'read' AND open_world = TRUE THEN 1 ELSE 0 END AS is_source,
    2 * event_ms - CASE WHEN action_class = 'read' AND open_world = TRUE THEN 1 ELSE 0 END AS turn_ms,
    CASE WHEN decision = 'allow' OR decision = 'none' AND status = 'ok' THEN 1 ELSE 0 END AS is_act,
    CASE WHEN action_class IN ('write', 'destructive')
          AND (decision = 'allow' OR decision = 'none' AND status = 'ok')
          AND approval_id IS NULL
         THEN 1 ELSE 0 END AS is_write
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND COALESCE(decision, 'none') NOT IN ('deny', 'require_approval')
    AND COALESCE(status, 'ok') <> 'denied'
    AND server_name IS NOT NULL
    AND tool_name IS NOT NULL
),
writing AS (
  SELECT conversation_id
  FROM executed
  GROUP BY conversation_id
  HAVING MAX(is_write) = 1
     AND MAX(is_source) = 1
),
numbered AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    server_name,
    tool_name,
    is_source,
    is_write,
    COUNT(CASE WHEN is_source = 1 THEN 1 END) OVER (
      PARTITION BY conversation_id
      ORDER BY turn_ms, event_key
    ) AS sources
  FROM executed
  WHERE conversation_id IN (SELECT conversation_id FROM writing)
),
writes AS (
  SELECT
    numbered.event_ms,
    numbered.event_key,
    numbered.tool_name,
    brought.server_name AS brought_by
  FROM numbered
  JOIN numbered AS brought
    ON numbered.conversation_id = brought.conversation_id
   AND numbered.sources = brought.sources
  WHERE numbered.is_write = 1
    AND brought.is_source = 1
    AND numbered.event_ms - brought.event_ms < 600000
),
habits AS (
  SELECT
    event_key,
    event_ms,
    LAG(event_ms) OVER (
      PARTITION BY actor_id, nameless, server_name, tool_name
      ORDER BY event_ms, event_key
    ) AS used_ms
  FROM executed
  WHERE is_act = 1
    AND tool_name IN (SELECT tool_name FROM writes)
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
   OR writes.event_ms - habits.used_ms >= 2592000000
