-- id: unapproved-write-calls
-- title: Write calls went through without an approval
-- owner: Governance On-call
-- severity: critical
-- window: 10m
-- counts: events
-- page: "> 0"
-- target: "0"
-- why: >
--   An agent changed or destroyed something and nobody had agreed to it. Each such call is either a hole in the
--   approval flow or somebody walking around it; both get worse by the minute.
-- runbook:
--   - "Freeze the client: revoke the token (token_jti) of the calls in the evidence."
--   - "List the calls with their arguments' digests and ask the owner of each tool what was changed."
--   - "Look whether the approval system was down at that time. If not, contain the server: mcpsoar contain SERVER"
-- false_alarms:
--   - A server whose approvals are on observe while it is being introduced.
--   - A tool without annotations that only reads; pin it as read.
-- references:
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://modelcontextprotocol.io/specification/
SELECT
  event_ms,
  event_key,
  server_name AS subject,
  CASE WHEN action_class IN ('write', 'destructive')
        AND decision = 'allow'
        AND approval_id IS NULL
        AND COALESCE(event_kind, 'tool_call') = 'tool_call'
       THEN 1 ELSE 0 END AS hit,
  1 AS judged
FROM mcp_audit
