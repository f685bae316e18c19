-- title: MCP Server Acts In Its Own Name On A Human's Call
-- id: e5d03842-1044-45e3-b1c7-9fe0703f27af
-- status: experimental
-- level: medium
-- description: |
--   What it does: gives the first call of a trace to a server that policy allowed to a service and that was caused
--   by a call of a human: the downstream call carries the service's name where a delegation would carry the
--   human's.
--   Why it matters: the server that is called sees a trusted service and not the person behind it, and lets the
--   person do what only the service may. That is the confused deputy.
--   What it misses: deputies that start a trace of their own or name another span as the cause, sources that log
--   no parents or no kind of actor, calls that no policy decided, and delegations in which the service is the
--   subject and the human is named elsewhere.
--   Response: ask the server's owner for a token exchange that names the human; playbook contain-server on it
--   where the call wrote.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0091
--   - https://atlas.mitre.org/techniques/AML.T0012
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0091
--   - atlas.aml.t0012
--   - owasp.mcp07-2025-insufficient-authentication-and-authorization
--   - owasp.mcp01-2025-token-mismanagement-and-secret-exposure
--   - safe.t1307
--   - safe.t1706
-- falsepositives:
--   - A server that reads its own configuration under its own account while it serves a call
-- custom:
--   risk: confused-deputy
--   needs: [actor_type, trace_id, span_id, parent_call_id, decision]
--   subject: server
--   playbook: contain-server
WITH causes AS (
  SELECT
    trace_id,
    span_id,
    server_name,
    ROW_NUMBER() OVER (PARTITION BY trace_id, span_id ORDER BY event_ms, event_key) AS place
  FROM mcp_audit
  WHERE actor_type = 'human'
    AND trace_id IS NOT NULL
    AND span_id IS NOT NULL
),
caused AS (
  SELECT
    call.event_ms,
    call.event_key,
    causes.server_name,
    ROW_NUMBER() OVER (
      PARTITION BY call.trace_id, call.server_name
      ORDER BY call.event_ms, call.event_key
    ) AS place
  FROM mcp_audit AS call
  JOIN causes
    ON call.trace_id = causes.trace_id
   AND call.parent_call_id = causes.span_id
  WHERE COALESCE(call.event_kind, 'tool_call') = 'tool_call'
    AND call.decision = 'allow'
    AND COALESCE(call.status, 'ok') <> 'denied'
    AND call.actor_type = 'service'
    AND causes.place = 1
)
SELECT
  event_ms,
  event_key,
  server_name AS subject
FROM caused
WHERE place = 1
