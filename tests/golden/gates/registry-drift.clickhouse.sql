WITH fields AS (
  SELECT
    toUnixTimestamp64Milli(toDateTime64(event_time, 3, 'UTC')) AS event_ms,
    CASE
      WHEN LOWER(environment) IN ('production', 'prod', 'staging', 'dev', 'test', 'unknown')
      THEN LOWER(environment)
    END AS environment,
    CASE WHEN replaceRegexpAll(event_id, '[\\x{9}\\x{a}\\x{b}\\x{c}\\x{d}\\x{1c}\\x{1d}\\x{1e}\\x{1f}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}\\x{2001}\\x{2002}\\x{2003}\\x{2004}\\x{2005}\\x{2006}\\x{2007}\\x{2008}\\x{2009}\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}]', '') <> '' THEN event_id END AS event_id,
    ingest_time AS ingest_time,
    CASE
      WHEN LOWER(registry_status) IN ('approved', 'pending', 'denied', 'unknown')
      THEN LOWER(registry_status)
    END AS registry_status,
    CASE WHEN replaceRegexpAll(server_name, '[\\x{9}\\x{a}\\x{b}\\x{c}\\x{d}\\x{1c}\\x{1d}\\x{1e}\\x{1f}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}\\x{2001}\\x{2002}\\x{2003}\\x{2004}\\x{2005}\\x{2006}\\x{2007}\\x{2008}\\x{2009}\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}]', '') <> '' THEN server_name END AS server_name
  FROM mcp_audit
), tick AS (
  SELECT
    1772367600000 AS as_of_ms
), copies AS (
  SELECT
    event_ms,
    event_id AS event_key,
    environment,
    event_id,
    ingest_time,
    registry_status,
    server_name,
    ROW_NUMBER() OVER (PARTITION BY event_id, event_ms ORDER BY ingest_time) AS copy_number
  FROM fields
), flags AS (
  SELECT
    event_ms,
    server_name AS subject,
    CASE
      WHEN (
        NOT (
          server_name IS NULL
        )
        AND COALESCE(environment, 'production') IN ('production', 'prod')
        AND (
          COALESCE(registry_status, 'unknown') <> 'approved'
          OR NOT (
            server_name IN ('crm', 'o''hara')
          )
        )
      )
      THEN 1
      ELSE 0
    END AS hit,
    CASE WHEN (
      1
    ) = 1 THEN 1 ELSE 0 END AS judged,
    CASE
      WHEN (
        NOT (
          server_name IS NULL
        )
        AND NOT (
          COALESCE(environment, 'production') IN ('production', 'prod')
        )
        AND (
          COALESCE(registry_status, 'unknown') <> 'approved'
          OR NOT (
            server_name IN ('crm', 'o''hara')
          )
        )
      )
      THEN 1
      ELSE 0
    END AS warned
  FROM copies
  WHERE
    copy_number = 1 OR event_key IS NULL
)
SELECT
  COUNT(*) AS events,
  COUNT(CASE WHEN judged = 1 THEN 1 END) AS judged,
  COUNT(DISTINCT CASE WHEN hit = 1 AND judged = 1 THEN subject END) AS numerator,
  0 AS denominator,
  COUNT(DISTINCT CASE WHEN warned = 1 AND judged = 1 THEN subject END) AS warned
FROM flags
CROSS JOIN tick
WHERE
  event_ms >= as_of_ms - 86400000 AND event_ms < as_of_ms
