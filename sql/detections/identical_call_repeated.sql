-- title: MCP Call Repeated Unchanged Within Two Minutes
-- id: d2331f59-aba2-48cb-bdcd-a6d654a02aa7
-- status: experimental
-- level: medium
-- description: |
--   What it does: gives the call with which a conversation has made the same call, same server, tool and
--   arguments, five times within two minutes; where the tool only reads, or nobody said what it does, thirty
--   times. One row each time the number is reached.
--   Why it matters: an agent that does the same thing again expects another answer and will not stop by itself. It
--   burns money and limits, and a write that is repeated has its effect as often.
--   What it misses: loops that change one argument each turn, loops slower than the window, loops over several
--   conversations, and sources that log no digest of the arguments.
--   Response: stop the conversation; where it comes back, playbook contain-server on the server of the calls.
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
--   - A tool that is polled and is not known to be reading
--   - A bot that polls a reading tool at machine speed in one conversation, seen in the drill, 96 calls within a
--     second
--   - A client that repeats a call whose connection broke
-- custom:
--   risk: runaway-chain
--   needs: [conversation_id, tool_name, args_hash]
--   subject: conversation
--   playbook: contain-server
WITH repeated AS (
  SELECT
    conversation_id,
    server_name,
    tool_name,
    args_hash
  FROM mcp_audit
  GROUP BY conversation_id, server_name, tool_name, args_hash
  HAVING COUNT(*) >= 5
),
counted AS (
  SELECT
    call.event_ms,
    call.event_key,
    call.conversation_id,
    call.server_name,
    call.tool_name,
    call.args_hash,
    CASE WHEN call.action_class IN ('write', 'destructive') THEN 5 ELSE 30 END AS bound,
    COUNT(*) OVER (
      PARTITION BY call.conversation_id, call.server_name, call.tool_name, call.args_hash
      ORDER BY call.event_ms
      RANGE BETWEEN 119999 PRECEDING AND CURRENT ROW
    ) AS calls
  FROM mcp_audit AS call
  JOIN repeated
    ON call.conversation_id = repeated.conversation_id
   AND COALESCE(call.server_name, '') = COALESCE(repeated.server_name, '')
   AND call.tool_name = repeated.tool_name
   AND call.args_hash = repeated.args_hash
  WHERE COALESCE(call.event_kind, 'tool_call') = 'tool_call'
),
compared AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    bound,
    calls,
    LAG(calls) OVER (
      PARTITION BY conversation_id, server_name, tool_name, args_hash
      ORDER BY event_ms, event_key
    ) AS calls_before
  FROM counted
)
SELECT
  event_ms,
  event_key,
  conversation_id AS subject
FROM compared
WHERE calls >= bound
  AND COALESCE(calls_before, 0) < bound
