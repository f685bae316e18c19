-- id: quarantine-ratio
-- title: Too many outputs are quarantined
-- owner: Safety Team
-- severity: high
-- window: 15m
-- counts: events
-- page: "> 3 %"
-- warn: ">= 1 %"
-- min_denominator: 50
-- min_numerator: 4
-- target: "< 1 %"
-- why: >
--   Secrets or instructions are coming back from tools faster than usual. What was quarantined was stopped;
--   the source of it still answers.
-- runbook:
--   - "Split by classifier_labels and server; read five of the outputs."
--   - "True ones from one server: contain it, mcpsoar contain SERVER"
--   - "False ones: correct the classifier with a ticket, and keep the five as its test."
-- false_alarms:
--   - A new version of the classifier.
--   - Somebody who reads documents about secrets or about prompt injection.
-- references:
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://modelcontextprotocol.io/specification/
SELECT
  event_ms,
  event_key,
  server_name AS subject,
  CASE WHEN classifier_result = 'quarantine'
        AND COALESCE(event_kind, 'tool_call') = 'tool_call'
       THEN 1 ELSE 0 END AS hit,
  CASE WHEN classifier_result IN ('clean', 'redact', 'quarantine')
        AND COALESCE(event_kind, 'tool_call') = 'tool_call'
       THEN 1 ELSE 0 END AS judged
FROM mcp_audit
