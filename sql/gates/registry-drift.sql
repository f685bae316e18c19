-- id: registry-drift
-- title: A server in production is not an approved one
-- owner: Platform Security
-- severity: critical
-- window: 24h
-- counts: subjects
-- page: "> 0"
-- target: "0"
-- why: >
--   A server that nobody approved answers agents in production. It sees prompts, tokens and data, and what it
--   answers is believed. A denied call counts too: the server is there.
-- runbook:
--   - "Block its address at the gateway: a server without an entry cannot be disabled. One with an entry: mcpsoar contain SERVER"
--   - "Find who put it into a client's configuration, and who owns it."
--   - "Register it with an owner and a pinned manifest, or remove it; seen no more is not enough."
-- false_alarms:
--   - The registry answers late, so that a server approved a minute ago is still pending.
--   - A test system that does not say in which environment it runs; absent counts as production.
-- references:
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://modelcontextprotocol.io/specification/
SELECT
  event_ms,
  event_key,
  server_name AS subject,
  CASE WHEN server_name IS NOT NULL
        AND COALESCE(environment, 'production') IN ('production', 'prod')
        AND (COALESCE(registry_status, 'unknown') <> 'approved' OR NOT server_name IN (:approved))
       THEN 1 ELSE 0 END AS hit,
  1 AS judged,
  CASE WHEN server_name IS NOT NULL
        AND COALESCE(environment, 'production') NOT IN ('production', 'prod')
        AND (COALESCE(registry_status, 'unknown') <> 'approved' OR NOT server_name IN (:approved))
       THEN 1 ELSE 0 END AS warned
FROM mcp_audit
