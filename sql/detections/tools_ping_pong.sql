-- title: MCP Conversation Caught Between Two Calls
-- id: 271d1dc9-7bb1-4411-94a4-174ebed73b77
-- status: experimental
-- level: medium
-- description: |
--   What it does: gives the call with which a conversation has alternated six times between the same two calls,
--   each with its own arguments unchanged, within thirty minutes, and made no other. One row a run.
--   Why it matters: two tools that send the agent to each other never end, and most sources log no trace that
--   would show it.
--   What it misses: loops over three or more tools, loops whose arguments change each turn where the source logs
--   their digests, loops slower than the window, and loops with another call in between.
--   Response: stop the conversation; read what the two tools answer, and contain the one whose answer asks for the
--   other.
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
--   - safe.t1701
-- falsepositives:
--   - Two monitors that an agent asks in turn, seen in the benign corpus
-- custom:
--   risk: runaway-chain
--   needs: [conversation_id, tool_name]
--   subject: conversation
--   playbook: contain-server
WITH repeated AS (
  SELECT conversation_id
  FROM mcp_audit
  GROUP BY conversation_id, server_name, tool_name, args_hash
  HAVING COUNT(*) >= 6
),
calls AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    COALESCE(server_name, '') AS server_name,
    tool_name,
    COALESCE(args_hash, '') AS args_hash
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND conversation_id IN (SELECT conversation_id FROM repeated)
),
lagged AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    server_name,
    tool_name,
    args_hash,
    LAG(server_name) OVER (PARTITION BY conversation_id ORDER BY event_ms, event_key) AS server_before,
    LAG(tool_name) OVER (PARTITION BY conversation_id ORDER BY event_ms, event_key) AS tool_before,
    LAG(args_hash) OVER (PARTITION BY conversation_id ORDER BY event_ms, event_key) AS args_before,
    LAG(server_name, 2) OVER (PARTITION BY conversation_id ORDER BY event_ms, event_key) AS server_two_before,
    LAG(tool_name, 2) OVER (PARTITION BY conversation_id ORDER BY event_ms, event_key) AS tool_two_before,
    LAG(args_hash, 2) OVER (PARTITION BY conversation_id ORDER BY event_ms, event_key) AS args_two_before,
    LAG(event_ms, 11) OVER (PARTITION BY conversation_id ORDER BY event_ms, event_key) AS began_ms
  FROM calls
),
paired AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    CASE WHEN server_two_before = server_name
          AND tool_two_before = tool_name
          AND args_two_before = args_hash
          AND (server_before <> server_name OR tool_before <> tool_name OR args_before <> args_hash)
         THEN 1 ELSE 0 END AS is_return,
    began_ms
  FROM lagged
),
counted AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    SUM(is_return) OVER (
      PARTITION BY conversation_id
      ORDER BY event_ms, event_key
      ROWS BETWEEN 9 PRECEDING AND CURRENT ROW
    ) AS returns,
    began_ms
  FROM paired
),
judged AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    CASE WHEN returns = 10 AND event_ms - began_ms < 1800000 THEN 1 ELSE 0 END AS is_caught
  FROM counted
),
compared AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    is_caught,
    LAG(is_caught) OVER (PARTITION BY conversation_id ORDER BY event_ms, event_key) AS was_caught
  FROM judged
)
SELECT
  event_ms,
  event_key,
  conversation_id AS subject
FROM compared
WHERE is_caught = 1
  AND COALESCE(was_caught, 0) = 0
