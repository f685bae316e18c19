-- title: MCP Tool New To Its Actor After Open-World Content
-- id: c7b0864f-43e6-4398-9e84-5ee8840a22bb
-- status: experimental
-- level: medium
-- description: |
--   What it does: gives the first call in thirty days that an actor got through to a tool, where the same
--   conversation had read from the open world within the day before. Got through: policy allowed it, or no
--   policy decided and it ended well. A page counts unless its call was refused or held. An event without an
--   actor is measured by its conversation. It learns for seven days: nothing counts as new in the week that
--   begins with the first day after which two more days of the same week have events, so that a single line of
--   an older date does not end the learning. The subject is the server of the latest page before the call.
--   Why it matters: content from outside that steers an agent shows in what it does next: a tool that this actor
--   never needed before.
--   What it misses: tools that the actor uses anyway, content that was read in another conversation, actors that
--   share one name, the first week, and logs that never hold three days within a week. A harmless page read last
--   draws the blame to its own server. Old lines on three days of one week, forged, end the learning and make
--   everything new.
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
    COALESCE(actor_id, '') AS actor,
    CASE WHEN actor_id IS NULL THEN conversation_id ELSE '' END AS nameless,
    server_name,
    tool_name,
    CASE WHEN action_class = 'read' AND open_world = TRUE THEN 1 ELSE 0 END AS is_source,
    2 * event_ms - CASE WHEN action_class = 'read' AND open_world = TRUE THEN 1 ELSE 0 END AS turn_ms,
    CASE WHEN decision = 'allow' OR decision = 'none' AND status = 'ok' THEN 1 ELSE 0 END AS is_act
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND COALESCE(decision, 'none') NOT IN ('deny', 'require_approval')
    AND COALESCE(status, 'ok') <> 'denied'
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
    actor,
    nameless,
    server_name,
    tool_name,
    MIN(event_ms) AS first_ms,
    MAX(event_ms) AS last_ms
  FROM executed
  WHERE is_act = 1
  GROUP BY actor, nameless, server_name, tool_name, event_ms - event_ms % 86400000
),
compared AS (
  SELECT
    actor,
    nameless,
    server_name,
    tool_name,
    first_ms,
    LAG(last_ms) OVER (PARTITION BY actor, nameless, server_name, tool_name ORDER BY first_ms) AS used_ms
  FROM days
),
fresh AS (
  SELECT
    actor,
    nameless,
    server_name,
    tool_name,
    first_ms
  FROM compared
  WHERE (used_ms IS NULL OR first_ms - used_ms >= 2592000000)
    AND first_ms >= (SELECT MIN(logged_ms) + 604800000 FROM weeks WHERE third_ms - logged_ms < 604800000)
),
numbered AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    actor,
    nameless,
    server_name,
    tool_name,
    is_source,
    is_act,
    COUNT(CASE WHEN is_source = 1 THEN 1 END) OVER (
      PARTITION BY conversation_id
      ORDER BY turn_ms, event_key
    ) AS sources
  FROM executed
  WHERE conversation_id IN (SELECT conversation_id FROM executed WHERE is_source = 1)
),
calls AS (
  SELECT
    numbered.event_ms,
    numbered.event_key,
    numbered.conversation_id,
    numbered.sources - numbered.is_source AS sources_before
  FROM numbered
  JOIN fresh
    ON numbered.actor = fresh.actor
   AND numbered.nameless = fresh.nameless
   AND numbered.server_name = fresh.server_name
   AND numbered.tool_name = fresh.tool_name
   AND numbered.event_ms = fresh.first_ms
  WHERE numbered.is_act = 1
)
SELECT
  calls.event_ms,
  calls.event_key,
  brought.server_name AS subject
FROM calls
JOIN numbered AS brought
  ON calls.conversation_id = brought.conversation_id
 AND calls.sources_before = brought.sources
WHERE brought.is_source = 1
  AND calls.event_ms - brought.event_ms < 86400000
