-- id: manifest-drift
-- title: A server's tools are not the ones that were approved
-- owner: MCP Platform
-- severity: high
-- window: 24h
-- counts: subjects
-- page: "> 0"
-- target: "0"
-- why: >
--   The descriptions of tools are instructions that every agent reads. A manifest that changed outside its
--   deploy window and without a ticket is how an approved server turns into an attack.
-- runbook:
--   - "Compare the manifest with its pin, tool by tool: text, hints, schema."
--   - "Contain the server until its owner has answered: mcpsoar contain SERVER"
--   - "Ask for the ticket; pin the new manifest with it, or go back to the old one. Restart the agents' sessions."
-- false_alarms:
--   - A client with other capabilities is shown other tools; pin per kind of client.
--   - An upgrade of a dependency that rewrote the schemas.
-- references:
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://modelcontextprotocol.io/specification/
SELECT
  event_ms,
  event_key,
  server_name AS subject,
  CASE WHEN server_name IS NOT NULL
        AND manifest_hash <> pinned_manifest_hash
        AND COALESCE(deploy_window, FALSE) = FALSE
        AND change_ticket IS NULL
       THEN 1 ELSE 0 END AS hit,
  1 AS judged,
  CASE WHEN server_name IS NOT NULL
        AND ((manifest_hash <> pinned_manifest_hash
              AND COALESCE(deploy_window, FALSE) = FALSE
              AND change_ticket IS NOT NULL)
             OR (manifest_hash IS NOT NULL AND pinned_manifest_hash IS NULL))
       THEN 1 ELSE 0 END AS warned
FROM mcp_audit
