-- title: MCP Secret Read Before A Call Into The Open World
-- id: 4c1f442f-2a5f-4934-9f00-95a84d71b08a
-- status: experimental
-- level: high
-- description: |
--   What it does: gives the first call that went through (policy allowed it, or no policy decided and it ended
--   well) from a conversation to a server with a tool that meets the open world, at most ten minutes after an
--   output that was labelled as holding a secret and was neither redacted nor quarantined. An output counts
--   unless its call was refused or held. It sees the way open, not what went along it.
--   Why it matters: a secret in the conversation is one call away from an address that somebody else chose: a GET
--   carries it out as well as a POST, and a tool that only reads is enough.
--   What it misses: secrets that no classifier labels, encoded or split ones included, a call later than ten
--   minutes or in another conversation, and tools whose manifest does not say that they meet the open world.
--   Response: rotate the secret first; look at the arguments where they are kept; playbook contain-server on the
--   server that was called when they hold it.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0098
--   - https://atlas.mitre.org/techniques/AML.T0057
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0098
--   - atlas.aml.t0057
--   - atlas.aml.t0086
--   - owasp.mcp01-2025-token-mismanagement-and-secret-exposure
--   - owasp.mcp10-2025-context-injection-and-over-sharing
--   - safe.t1911
--   - safe.t1913
-- falsepositives:
--   - A developer whose tool prints its environment and who then reads documentation on the web
-- custom:
--   risk: data-leak
--   needs: [conversation_id, server_name, classifier_labels, open_world, decision]
--   subject: server
--   playbook: contain-server
WITH calls AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    server_name,
    CASE WHEN has_secret_label = TRUE
          AND COALESCE(classifier_result, 'clean') NOT IN ('redact', 'quarantine')
         THEN 1 ELSE 0 END AS is_secret,
    CASE WHEN open_world = TRUE AND (decision = 'allow' OR decision = 'none' AND status = 'ok')
         THEN 1 ELSE 0 END AS is_outside
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND COALESCE(decision, 'none') NOT IN ('deny', 'require_approval')
    AND COALESCE(status, 'ok') <> 'denied'
),
secretive AS (
  SELECT conversation_id
  FROM calls
  GROUP BY conversation_id
  HAVING MAX(is_secret) = 1
),
followed AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    server_name,
    is_outside,
    SUM(is_secret) OVER (
      PARTITION BY conversation_id
      ORDER BY event_ms
      RANGE BETWEEN 599999 PRECEDING AND CURRENT ROW
    ) - is_secret AS secrets_before
  FROM calls
  WHERE conversation_id IN (SELECT conversation_id FROM secretive)
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
    AND secrets_before > 0
    AND server_name IS NOT NULL
)
SELECT
  event_ms,
  event_key,
  server_name AS subject
FROM placed
WHERE place = 1
