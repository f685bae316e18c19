-- id: scope-mismatch
-- title: Calls ask for more than their tokens grant
-- owner: Identity Team
-- severity: high
-- window: 15m
-- counts: events
-- page: ">= 1 %"
-- warn: ">= 0.1 %"
-- min_denominator: 100
-- min_numerator: 3
-- target: "< 0.1 %"
-- why: >
--   A client that asks again and again for what it was not granted is badly set up or is trying doors. An
--   allowed one among them is a hole in the enforcement.
-- runbook:
--   - "Split the calls by decision. One that was allowed: contain its server, mcpsoar contain SERVER"
--   - "Group the rest by client. One client: freeze it. Many at once: look for a deployment that changed scopes."
--   - "Correct the grant or the client, and watch the ratio come down over the next window."
-- false_alarms:
--   - A deployment that renamed scopes, seen by all clients at the same minute.
--   - Step-up consent, which asks first without the scope; a retry storm of one denied call.
-- references:
--   - https://www.rfc-editor.org/rfc/rfc6750#section-3.1
--   - https://modelcontextprotocol.io/specification/
SELECT
  event_ms,
  event_key,
  server_name AS subject,
  CASE WHEN scope_match = FALSE
        AND COALESCE(event_kind, 'tool_call') = 'tool_call'
       THEN 1 ELSE 0 END AS hit,
  CASE WHEN scope_match IS NOT NULL
        AND COALESCE(event_kind, 'tool_call') = 'tool_call'
       THEN 1 ELSE 0 END AS judged
FROM mcp_audit
