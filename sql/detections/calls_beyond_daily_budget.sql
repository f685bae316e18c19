-- title: MCP Conversation Beyond Five Hundred Calls In A Day
-- id: 5131ca26-aa08-4bb9-82d1-7778253c76b6
-- status: experimental
-- level: low
-- description: |
--   What it does: gives the call with which one conversation has made more than five hundred calls within
--   twenty-four hours. One row each time the budget is passed.
--   Why it matters: a slow loop stays under every short window and costs as much as a fast one. The budget of a
--   day finds it.
--   What it misses: loops that open a conversation each turn, and sources that log no conversation.
--   Response: look what the conversation works at; stop it, or give the job a budget of its own.
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
--   - Batch work over a long list, and a monitor that never ends its conversation
-- custom:
--   risk: runaway-chain
--   needs: [conversation_id]
--   subject: conversation
--   playbook: none
WITH busy AS (
  SELECT conversation_id
  FROM mcp_audit
  GROUP BY conversation_id
  HAVING COUNT(*) > 500
),
counted AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    COUNT(*) OVER (
      PARTITION BY conversation_id
      ORDER BY event_ms
      RANGE BETWEEN 86399999 PRECEDING AND CURRENT ROW
    ) AS calls
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND conversation_id IN (SELECT conversation_id FROM busy)
),
compared AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    calls,
    LAG(calls) OVER (PARTITION BY conversation_id ORDER BY event_ms, event_key) AS calls_before
  FROM counted
)
SELECT
  event_ms,
  event_key,
  conversation_id AS subject
FROM compared
WHERE calls > 500
  AND COALESCE(calls_before, 0) <= 500
