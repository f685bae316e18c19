-- title: MCP Server Shows A Manifest, Another And The First Again
-- id: 70827505-f2e6-46a4-b57a-c2d28f6bd22d
-- status: experimental
-- level: high
-- description: |
--   What it does: gives the event at which a client sees a manifest again that the server had shown it within the
--   last twenty-four hours and had replaced in between, with no ticket and outside its deploy window. Listings are
--   compared with listings, calls with calls. One row a server and day (UTC).
--   Why it matters: a server that is poisoned for a moment and then looks clean again passes every check that
--   compares the latest manifest with the pin. Going back is what an honest upgrade does not do.
--   What it misses: manifests that differ by victim and never change for one client, a poisoned manifest that
--   stays, a return after more than a day, and sources that log no manifest of each listing.
--   Response: playbook contain-server on the server; compare the two manifests, tool by tool, and restart the
--   sessions that saw the other one.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0110
--   - https://atlas.mitre.org/techniques/AML.T0109
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0110
--   - atlas.aml.t0109
--   - atlas.aml.t0010.005
--   - owasp.mcp03-2025-tool-poisoning
--   - owasp.mcp04-2025-software-supply-chain-attacks
--   - safe.t1001
--   - safe.t1201
-- falsepositives:
--   - A rollout over two instances that nobody announced, answered by one and then by the other
--   - An agent that lists once with more capabilities and once with less under one client id
-- custom:
--   risk: tool-poisoning
--   needs: [server_name, client_id, manifest_hash]
--   subject: server
--   playbook: contain-server
WITH unstable AS (
  SELECT server_name
  FROM mcp_audit
  GROUP BY server_name, client_id
  HAVING MIN(manifest_hash) <> MAX(manifest_hash)
),
shown AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    manifest_hash,
    deploy_window,
    change_ticket,
    LAG(manifest_hash) OVER (
      PARTITION BY server_name, client_id, COALESCE(event_kind, 'tool_call')
      ORDER BY event_ms, event_key
    ) AS hash_before,
    LAG(event_ms) OVER (
      PARTITION BY server_name, client_id, COALESCE(event_kind, 'tool_call'), manifest_hash
      ORDER BY event_ms, event_key
    ) AS shown_ms
  FROM mcp_audit
  WHERE server_name IN (SELECT server_name FROM unstable)
    AND client_id IS NOT NULL
    AND manifest_hash IS NOT NULL
),
returns AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    ROW_NUMBER() OVER (
      PARTITION BY server_name, event_ms - event_ms % 86400000
      ORDER BY event_ms, event_key
    ) AS place
  FROM shown
  WHERE manifest_hash <> hash_before
    AND event_ms - shown_ms < 86400000
    AND COALESCE(deploy_window, FALSE) = FALSE
    AND change_ticket IS NULL
)
SELECT
  event_ms,
  event_key,
  server_name AS subject
FROM returns
WHERE place = 1
