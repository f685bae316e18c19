-- title: MCP Personal Data Read Before A Call To A Less Trusted Server
-- id: a4853e77-2d9a-45ed-8001-14d8214c2e16
-- status: experimental
-- level: medium
-- description: |
--   What it does: gives the first call that went through (policy allowed it, or no policy decided and it ended
--   well) from a conversation to another server that meets the open world, or that the log does not call
--   approved, at most ten minutes after an output that was labelled as personal data and neither redacted nor
--   quarantined. An output counts unless its call was refused or held. It sees the way open, not what went along
--   it.
--   Why it matters: what one server answered stands in the conversation, and the next call can carry it to a
--   server that was never meant to have it.
--   What it misses: data that no classifier labels, a call later than ten minutes or in another conversation, and
--   servers that are trusted by mistake. It cannot compare the arguments with the output, since the log holds a
--   digest of them alone.
--   Response: look at the arguments where they are kept; playbook contain-server on the server that was called
--   when personal data is among them.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0057
--   - https://atlas.mitre.org/techniques/AML.T0086
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0057
--   - atlas.aml.t0086
--   - owasp.mcp10-2025-context-injection-and-over-sharing
--   - owasp.mcp01-2025-token-mismanagement-and-secret-exposure
--   - safe.t1911
--   - safe.t1913
-- falsepositives:
--   - Support work that looks a customer up and then searches the web
-- custom:
--   risk: data-leak
--   needs: [conversation_id, server_name, classifier_labels, decision]
--   subject: server
--   playbook: contain-server
WITH calls AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    server_name,
    CASE WHEN has_personal_label = TRUE
          AND COALESCE(classifier_result, 'clean') NOT IN ('redact', 'quarantine')
         THEN 1 ELSE 0 END AS is_personal,
    CASE WHEN (decision = 'allow' OR decision = 'none' AND status = 'ok')
          AND (open_world = TRUE OR COALESCE(registry_status, 'unknown') <> 'approved')
         THEN 1 ELSE 0 END AS is_outside
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND COALESCE(decision, 'none') NOT IN ('deny', 'require_approval')
    AND COALESCE(status, 'ok') <> 'denied'
),
personal AS (
  SELECT conversation_id
  FROM calls
  GROUP BY conversation_id
  HAVING MAX(is_personal) = 1
),
followed AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    server_name,
    is_outside,
    MIN(CASE WHEN is_personal = 1 THEN server_name END) OVER (
      PARTITION BY conversation_id
      ORDER BY event_ms
      RANGE BETWEEN 599999 PRECEDING AND CURRENT ROW
    ) AS first_source,
    MAX(CASE WHEN is_personal = 1 THEN server_name END) OVER (
      PARTITION BY conversation_id
      ORDER BY event_ms
      RANGE BETWEEN 599999 PRECEDING AND CURRENT ROW
    ) AS last_source
  FROM calls
  WHERE conversation_id IN (SELECT conversation_id FROM personal)
),
placed AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    ROW_NUMBER() OVER (
      PARTITION BY conversation_id, server_name
      ORDER BY event_ms, event_key
    ) AS place
  FROM followed
  WHERE is_outside = 1
    AND (first_source <> server_name OR last_source <> server_name)
)
SELECT
  event_ms,
  event_key,
  server_name AS subject
FROM placed
WHERE place = 1
