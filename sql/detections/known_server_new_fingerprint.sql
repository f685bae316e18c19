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
--   fingerprint holds the tag alone, and sources that log no fingerprint.
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
WITH known AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    server_fingerprint,
    CASE WHEN COALESCE(environment, 'production') IN ('production', 'prod')
         THEN 'production' ELSE environment END AS place
  FROM mcp_audit
  WHERE server_fingerprint IS NOT NULL
),
sightings AS (
  SELECT
    server_name,
    place,
    server_fingerprint,
    MIN(event_ms) AS first_ms
  FROM known
  GROUP BY server_name, place, server_fingerprint
),
compared AS (
  SELECT
    server_name,
    place,
    server_fingerprint,
    first_ms,
    MIN(first_ms) OVER (PARTITION BY server_name, place) AS known_ms
  FROM sightings
),
announced AS (
  SELECT
    server_name,
    event_ms
  FROM mcp_audit
  WHERE deploy_window = TRUE
     OR change_ticket IS NOT NULL
),
fresh AS (
  SELECT
    server_name,
    place,
    server_fingerprint,
    first_ms
  FROM compared
  WHERE first_ms > known_ms
    AND NOT EXISTS (
      SELECT 1
      FROM announced
      WHERE announced.server_name = compared.server_name
        AND announced.event_ms BETWEEN compared.first_ms - 86400000 AND compared.first_ms
    )
)
SELECT
  known.event_ms,
  MIN(known.event_key) AS event_key,
  known.server_name AS subject
FROM known
JOIN fresh
  ON known.server_name = fresh.server_name
 AND known.place = fresh.place
 AND known.server_fingerprint = fresh.server_fingerprint
 AND known.event_ms = fresh.first_ms
GROUP BY known.event_ms, known.server_name, known.place, known.server_fingerprint
