-- title: MCP Write Denied Three Times And Then Allowed With Other Arguments
-- id: d398a990-92a1-41d6-86d2-3fd48cbdc8c5
-- status: experimental
-- level: high
-- description: |
--   What it does: gives the first writing or destructive call that policy allowed an actor without an approval,
--   within fifteen minutes of at least three denied ones of the same tool, and with arguments that were none of
--   theirs.
--   Why it matters: an agent that is told no and looks for words that get a yes is negotiating with the policy.
--   What it found is a hole, whoever told it to look.
--   What it misses: a rephrasing that goes to another tool or under another actor, one that takes longer than the
--   window, fewer than three tries, and sources that log no digest of the arguments.
--   Response: freeze the client and compare the arguments; close the hole in the policy. playbook contain-server
--   on the server while it is open.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0053
--   - https://atlas.mitre.org/techniques/AML.T0051.001
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0053
--   - atlas.aml.t0051.001
--   - owasp.mcp06-2025-prompt-injection-via-contextual-payloads
--   - owasp.mcp02-2025-privilege-escalation-via-scope-creep
--   - safe.t1102
--   - safe.t1309
-- falsepositives:
--   - A person who corrects the arguments of a call until policy takes them
-- custom:
--   risk: prompt-injection
--   needs: [actor_id, tool_name, action_class, decision, args_hash]
--   subject: server
--   playbook: contain-server
WITH refused AS (
  SELECT actor_id
  FROM mcp_audit
  WHERE decision = 'deny'
  GROUP BY actor_id, server_name, tool_name
  HAVING COUNT(*) >= 3
),
attempts AS (
  SELECT
    event_ms,
    event_key,
    actor_id,
    server_name,
    tool_name,
    args_hash,
    CASE WHEN decision = 'deny' THEN 1 ELSE 0 END AS is_denied,
    CASE WHEN decision = 'allow' AND COALESCE(status, 'ok') <> 'denied' AND approval_id IS NULL
         THEN 1 ELSE 0 END AS is_through
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND action_class IN ('write', 'destructive')
    AND tool_name IS NOT NULL
    AND args_hash IS NOT NULL
    AND actor_id IN (SELECT actor_id FROM refused)
),
counted AS (
  SELECT
    event_ms,
    event_key,
    actor_id,
    server_name,
    tool_name,
    is_through,
    SUM(is_denied) OVER (
      PARTITION BY actor_id, server_name, tool_name
      ORDER BY event_ms
      RANGE BETWEEN 899999 PRECEDING AND CURRENT ROW
    ) AS denials,
    SUM(is_denied) OVER (
      PARTITION BY actor_id, server_name, tool_name, args_hash
      ORDER BY event_ms
      RANGE BETWEEN 899999 PRECEDING AND CURRENT ROW
    ) AS denials_of_these,
    MAX(CASE WHEN is_denied = 1 THEN event_ms END) OVER (
      PARTITION BY actor_id, server_name, tool_name
      ORDER BY event_ms
    ) AS denied_ms
  FROM attempts
),
placed AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    ROW_NUMBER() OVER (
      PARTITION BY actor_id, server_name, tool_name, denied_ms
      ORDER BY event_ms, event_key
    ) AS place
  FROM counted
  WHERE is_through = 1
    AND denials >= 3
    AND denials_of_these = 0
)
SELECT
  event_ms,
  event_key,
  server_name AS subject
FROM placed
WHERE place = 1
