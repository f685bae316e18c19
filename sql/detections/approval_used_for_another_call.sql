-- title: MCP Approval Used Again For Another Call
-- id: fa1524a2-3bcd-4995-b4cb-05d4fd4314f7
-- status: experimental
-- level: high
-- description: |
--   What it does: gives the first writing or destructive call that policy allowed on an approval which an earlier
--   one in the log had used for another server, tool or arguments. The same call again is no match.
--   Why it matters: a person agreed to one thing. An approval that opens the door for another is worth as much as
--   none, and looks better in every report.
--   What it misses: an approval that is used for the wrong call the first time, sources that log no digest of the
--   arguments, and approvals that were given long before the log begins.
--   Response: undo the second call with its owner; bind approvals to server, tool and arguments. playbook
--   contain-server on the server until they are.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0053
--   - https://atlas.mitre.org/techniques/AML.T0012
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0053
--   - atlas.aml.t0012
--   - owasp.mcp02-2025-privilege-escalation-via-scope-creep
--   - owasp.mcp07-2025-insufficient-authentication-and-authorization
--   - safe.t1104
--   - safe.t1309
-- falsepositives:
--   - An approval that is meant for a whole batch or session
-- custom:
--   risk: over-scoped-token
--   needs: [approval_id, server_name, tool_name, args_hash, action_class, decision]
--   subject: server
--   playbook: contain-server
WITH approved AS (
  SELECT
    event_ms,
    event_key,
    approval_id,
    server_name,
    tool_name,
    args_hash
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND decision = 'allow'
    AND COALESCE(status, 'ok') <> 'denied'
    AND action_class IN ('write', 'destructive')
    AND server_name IS NOT NULL
    AND tool_name IS NOT NULL
    AND args_hash IS NOT NULL
),
firsts AS (
  SELECT
    approval_id,
    server_name,
    tool_name,
    args_hash,
    MIN(event_ms) AS used_ms
  FROM approved
  GROUP BY approval_id, server_name, tool_name, args_hash
),
compared AS (
  SELECT
    approval_id,
    server_name,
    tool_name,
    args_hash,
    used_ms,
    ROW_NUMBER() OVER (
      PARTITION BY approval_id
      ORDER BY used_ms, server_name, tool_name, args_hash
    ) AS place
  FROM firsts
),
placed AS (
  SELECT
    approved.event_ms,
    approved.event_key,
    approved.server_name,
    ROW_NUMBER() OVER (
      PARTITION BY approved.approval_id
      ORDER BY approved.event_ms, approved.event_key
    ) AS place
  FROM approved
  JOIN compared
    ON approved.approval_id = compared.approval_id
   AND approved.server_name = compared.server_name
   AND approved.tool_name = compared.tool_name
   AND approved.args_hash = compared.args_hash
  WHERE compared.place > 1
)
SELECT
  event_ms,
  event_key,
  server_name AS subject
FROM placed
WHERE place = 1
