-- title: MCP Actor Takes Ten Times The Usual Hour Out Of A Server
-- id: 3e551ce3-9d61-4646-8afa-29af52243114
-- status: experimental
-- level: medium
-- description: |
--   What it does: gives the call with which an actor has taken more than a megabyte out of a server within an
--   hour, and more than ten times what ninety-five of a hundred hours of any actor on that server brought in the
--   fourteen days before. The usual hour is taken once for each day (UTC), before the first hour of more than a
--   megabyte. It learns: the server needs twenty such hours. One row each time it is passed.
--   Why it matters: somebody who empties a server takes what it has in a hurry. Compared with everybody who uses
--   the server, a new account stands out as much as a stolen one.
--   What it misses: a slow drain, one that is spread over actors or servers, data that leaves by another way
--   than the result, sizes that the source does not log or logs as zero or less, and servers that are new.
--   Response: ask the actor; freeze the client. Contain the server with playbook contain-server when what it holds
--   must not leave.
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
--   - safe.t1910
-- falsepositives:
--   - An export, a backup or a report at the end of a month
-- custom:
--   risk: data-leak
--   needs: [actor_id, server_name, bytes_out]
--   subject: actor
--   playbook: contain-server
WITH taken AS (
  SELECT
    event_ms,
    event_key,
    actor_id,
    server_name,
    bytes_out
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND actor_id IS NOT NULL
    AND bytes_out > 0
),
hours AS (
  SELECT
    actor_id,
    server_name,
    event_ms - event_ms % 3600000 AS hour_ms,
    SUM(bytes_out) AS bytes
  FROM taken
  GROUP BY actor_id, server_name, event_ms - event_ms % 3600000
),
summed AS (
  SELECT
    taken.event_ms,
    taken.event_key,
    taken.actor_id,
    taken.server_name,
    SUM(taken.bytes_out) OVER (
      PARTITION BY taken.actor_id, taken.server_name
      ORDER BY taken.event_ms
      RANGE BETWEEN 3599999 PRECEDING AND CURRENT ROW
    ) AS bytes
  FROM taken
  JOIN (
    SELECT
      actor_id,
      server_name
    FROM hours
    GROUP BY actor_id, server_name
    HAVING MAX(bytes) >= 500000
  ) AS heavy
    ON taken.actor_id = heavy.actor_id
   AND taken.server_name = heavy.server_name
),
asked AS (
  SELECT
    server_name,
    MIN(event_ms - event_ms % 3600000) AS hour_ms
  FROM summed
  WHERE bytes > 1000000
  GROUP BY server_name, event_ms - event_ms % 86400000
),
past AS (
  SELECT
    asked.server_name,
    asked.hour_ms,
    hours.bytes,
    ROW_NUMBER() OVER (PARTITION BY asked.server_name, asked.hour_ms ORDER BY hours.bytes) AS place,
    COUNT(*) OVER (PARTITION BY asked.server_name, asked.hour_ms) AS places
  FROM asked
  JOIN hours
    ON asked.server_name = hours.server_name
   AND hours.hour_ms BETWEEN asked.hour_ms - 1209600000 AND asked.hour_ms - 7200000
),
usual AS (
  SELECT
    server_name,
    hour_ms - hour_ms % 86400000 AS day_ms,
    MIN(bytes) AS bytes
  FROM past
  WHERE places >= 20
    AND place * 100 >= places * 95
  GROUP BY server_name, hour_ms - hour_ms % 86400000
),
judged AS (
  SELECT
    summed.event_ms,
    summed.event_key,
    summed.actor_id,
    summed.server_name,
    CASE WHEN summed.bytes > 1000000 AND summed.bytes > 10 * usual.bytes THEN 1 ELSE 0 END AS is_spike
  FROM summed
  LEFT JOIN usual
    ON summed.server_name = usual.server_name
   AND summed.event_ms - summed.event_ms % 86400000 = usual.day_ms
),
compared AS (
  SELECT
    event_ms,
    event_key,
    actor_id,
    is_spike,
    LAG(is_spike) OVER (PARTITION BY actor_id, server_name ORDER BY event_ms, event_key) AS was_spike,
    LAG(event_ms) OVER (PARTITION BY actor_id, server_name ORDER BY event_ms, event_key) AS took_ms
  FROM judged
)
SELECT
  event_ms,
  event_key,
  actor_id AS subject
FROM compared
WHERE is_spike = 1
  AND (COALESCE(was_spike, 0) = 0 OR event_ms - took_ms >= 3600000)
