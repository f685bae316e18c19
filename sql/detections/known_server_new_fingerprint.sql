-- title: MCP Server Known By Name Runs As Something Else
-- id: d3c8c36e-ee48-423a-9b1c-612c56635af0
-- status: experimental
-- level: high
-- description: |
--   What it does: gives the first event of a server under a fingerprint that the log had not seen of it, after
--   another one in the same environment, where no event of the server in the twenty-four hours before carried a
--   ticket or fell into a deploy window. One row a fingerprint.
--   Why it matters: the name is approved, and what answers to it is another image, other launch settings or
--   another address. None of these needs to change the manifest.
--   What it misses: a change before the log begins, an image that is replaced under the same tag where the
--   fingerprint holds the tag alone, sources that log no fingerprint, and a server that says it runs in staging,
--   dev or test, which is compared with its own past there alone. An environment that is unknown or absent
--   counts as production.
--   Response: playbook contain-server; ask its owner what was deployed, and compare the launch settings with the
--   approved ones.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0081
--   - https://atlas.mitre.org/techniques/AML.T0010.005
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0081
--   - atlas.aml.t0010.005
--   - owasp.mcp09-2025-shadow-mcp-servers
--   - owasp.mcp04-2025-software-supply-chain-attacks
--   - safe.t1003
--   - safe.t1004
-- falsepositives:
--   - An upgrade without a ticket
--   - A server that each client launches for itself, with arguments of its own
-- custom:
--   risk: shadow-server
--   needs: [server_name, server_fingerprint]
--   subject: server
--   playbook: contain-server
WITH announced AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    server_fingerprint,
    CASE WHEN COALESCE(environment, 'unknown') IN ('production', 'prod', 'unknown')
         THEN 'production' ELSE environment END AS place,
    MAX(CASE WHEN deploy_window = TRUE OR change_ticket IS NOT NULL THEN event_ms END) OVER (
      PARTITION BY server_name
      ORDER BY event_ms
    ) AS announced_ms
  FROM mcp_audit
  WHERE server_name IS NOT NULL
),
sightings AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    place,
    announced_ms,
    ROW_NUMBER() OVER (
      PARTITION BY server_name, place, server_fingerprint
      ORDER BY event_ms, event_key
    ) AS sighting,
    MIN(event_ms) OVER (PARTITION BY server_name, place) AS known_ms
  FROM announced
  WHERE server_fingerprint IS NOT NULL
)
SELECT
  event_ms,
  event_key,
  server_name AS subject
FROM sightings
WHERE sighting = 1
  AND event_ms > known_ms
  AND (announced_ms IS NULL OR event_ms - announced_ms >= 86400000)
