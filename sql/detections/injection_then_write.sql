-- title: MCP Write Among Three Calls After Instructions In An Output
-- id: 1ffa10ca-6344-4d7e-8420-9f306ba97fcc
-- status: experimental
-- level: high
-- description: |
--   What it does: gives a writing or destructive call that went through (policy allowed it, or no policy decided
--   and it ended well), among the three calls that follow an output which the classifier labelled as holding
--   instructions and did not quarantine, in the same conversation. The subject is the server of the latest such
--   output.
--   Why it matters: instructions in an output are common where people work on security; that the agent then writes
--   is not. The order is the evidence.
--   What it misses: paraphrases that no classifier labels, a fourth call, where refused calls count too, another
--   conversation, harm that is done by reading, and the order of events that one millisecond holds. A labelled
--   output that came last draws the blame to its own server.
--   Response: freeze the conversation, read the output and undo the write with its owner; playbook contain-server
--   on the server that brought the output.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0051.001
--   - https://atlas.mitre.org/techniques/AML.T0053
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0051.001
--   - atlas.aml.t0053
--   - atlas.aml.t0086
--   - owasp.mcp06-2025-prompt-injection-via-contextual-payloads
--   - owasp.mcp10-2025-context-injection-and-over-sharing
--   - safe.t1102
--   - safe.t1401
-- falsepositives:
--   - Somebody who reads documents about prompt injection and writes a ticket about them
-- custom:
--   risk: prompt-injection
--   needs: [conversation_id, classifier_labels, action_class, decision]
--   subject: server
--   playbook: contain-server
WITH labelled AS (
  SELECT conversation_id
  FROM mcp_audit
  WHERE has_injection_label = TRUE
  GROUP BY conversation_id
),
brought AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    action_class,
    decision,
    status,
    CASE WHEN has_injection_label = TRUE AND COALESCE(classifier_result, 'clean') <> 'quarantine'
         THEN COALESCE(server_name, 'unnamed') END AS source
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND conversation_id IN (SELECT conversation_id FROM labelled)
),
followed AS (
  SELECT
    event_ms,
    event_key,
    action_class,
    decision,
    status,
    COALESCE(
      LAG(source) OVER (PARTITION BY conversation_id ORDER BY event_ms, event_key),
      LAG(source, 2) OVER (PARTITION BY conversation_id ORDER BY event_ms, event_key),
      LAG(source, 3) OVER (PARTITION BY conversation_id ORDER BY event_ms, event_key)
    ) AS brought_by
  FROM brought
)
SELECT
  event_ms,
  event_key,
  brought_by AS subject
FROM followed
WHERE brought_by IS NOT NULL
  AND action_class IN ('write', 'destructive')
  AND (decision = 'allow' OR decision = 'none' AND status = 'ok')
  AND COALESCE(status, 'ok') <> 'denied'
