-- title: MCP Servers That Call Each Other In A Circle
-- id: a4064748-368a-4413-b537-db13d1639147
-- status: experimental
-- level: high
-- description: |
--   What it does: gives the call at which one trace has come back to a server for the third time: a call that was
--   caused by a call to another server, which a call to the first one had caused, over one other server or two.
--   One row a trace.
--   Why it matters: two servers that ask each other have no reason to stop. Measured, two that point at each other
--   made twenty-five calls in one trace before a limit ended it.
--   What it misses: circles over more than two other servers, servers that start a new trace each turn, calls
--   that name themselves as their parent, and sources that log no parents. Where several calls of a trace carry
--   one span id, only the first can be a cause, so servers that reuse their span ids can hide a circle;
--   call_chain_too_deep and tools_ping_pong look at those.
--   Response: playbook contain-server on the server of the event; it opens the circle. Then limit the depth of a
--   chain at the gateway.
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
--   - safe.t1703
-- falsepositives:
--   - Two servers that consult each other within a bound of their own
-- custom:
--   risk: runaway-chain
--   needs: [trace_id, span_id, parent_call_id, server_name]
--   subject: server
--   playbook: contain-server
WITH calls AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    trace_id,
    span_id,
    parent_call_id,
    ROW_NUMBER() OVER (PARTITION BY trace_id, span_id ORDER BY event_ms, event_key) AS place
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND trace_id IS NOT NULL
    AND COALESCE(span_id, '') <> COALESCE(parent_call_id, '-')
),
spans AS (
  SELECT
    server_name,
    trace_id,
    span_id,
    parent_call_id
  FROM calls
  WHERE place = 1
    AND span_id IS NOT NULL
),
returns AS (
  SELECT
    call.event_ms,
    call.event_key,
    call.server_name,
    ROW_NUMBER() OVER (PARTITION BY call.trace_id ORDER BY call.event_ms, call.event_key) AS place
  FROM calls AS call
  JOIN spans AS cause
    ON call.trace_id = cause.trace_id
   AND call.parent_call_id = cause.span_id
   AND call.server_name <> cause.server_name
  JOIN spans AS origin
    ON cause.trace_id = origin.trace_id
   AND cause.parent_call_id = origin.span_id
   AND cause.server_name <> origin.server_name
  LEFT JOIN spans AS root
    ON origin.trace_id = root.trace_id
   AND origin.parent_call_id = root.span_id
  WHERE call.server_name = origin.server_name
     OR call.server_name = root.server_name
)
SELECT
  event_ms,
  event_key,
  server_name AS subject
FROM returns
WHERE place = 3
