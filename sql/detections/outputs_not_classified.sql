-- title: MCP Server Whose Outputs Pass The Classifier By
-- id: b1f4d1fd-5845-44b3-8bb4-276cbf88f024
-- status: experimental
-- level: high
-- description: |
--   What it does: gives the event at which more than one in twenty of a server's outputs of the last fifteen
--   minutes, of at least fifty, were not classified or made the classifier fail, where the log holds outputs of
--   the server that were. One row each time the share is passed.
--   Why it matters: a classifier that does not look finds nothing, and everything that relies on it is silent.
--   Size and encoding that make it fail can be chosen by whoever writes the output.
--   What it misses: servers whose outputs were never classified, fewer than fifty outputs in the window, a
--   classifier that answers clean without looking, failures spread over many servers, and outputs of calls that
--   no policy decided. A call that ended as an error which is not the tool's own, and was not classified, had no
--   output.
--   Response: read what was not classified; playbook contain-server on the server until the classifier sees its
--   outputs again.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0099
--   - https://atlas.mitre.org/techniques/AML.T0057
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0099
--   - atlas.aml.t0057
--   - owasp.mcp10-2025-context-injection-and-over-sharing
--   - owasp.mcp01-2025-token-mismanagement-and-secret-exposure
--   - safe.t1911
--   - safe.t1913
-- falsepositives:
--   - A classifier that is restarted, for every server at once
--   - Outputs that are sampled on purpose
-- custom:
--   risk: data-leak
--   needs: [classifier_result, server_name, decision]
--   subject: server
--   playbook: contain-server
WITH outputs AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    CASE WHEN COALESCE(classifier_result, 'error') = 'error' THEN 1 ELSE 0 END AS is_unseen
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND decision = 'allow'
    AND (COALESCE(status, 'ok') = 'ok'
      OR status = 'error' AND is_error = TRUE
      OR classifier_result IS NOT NULL)
),
partly AS (
  SELECT server_name
  FROM outputs
  GROUP BY server_name
  HAVING SUM(is_unseen) >= 3
     AND MIN(is_unseen) = 0
),
counted AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    COUNT(*) OVER (
      PARTITION BY server_name
      ORDER BY event_ms
      RANGE BETWEEN 899999 PRECEDING AND CURRENT ROW
    ) AS outputs,
    SUM(is_unseen) OVER (
      PARTITION BY server_name
      ORDER BY event_ms
      RANGE BETWEEN 899999 PRECEDING AND CURRENT ROW
    ) AS unseen
  FROM outputs
  WHERE server_name IN (SELECT server_name FROM partly)
),
judged AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    CASE WHEN outputs >= 50 AND unseen * 20 > outputs THEN 1 ELSE 0 END AS is_blind
  FROM counted
),
compared AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    is_blind,
    LAG(is_blind) OVER (PARTITION BY server_name ORDER BY event_ms, event_key) AS was_blind
  FROM judged
)
SELECT
  event_ms,
  event_key,
  server_name AS subject
FROM compared
WHERE is_blind = 1
  AND COALESCE(was_blind, 0) = 0
