WITH fields AS (
  SELECT
    (CAST(STRFTIME('%s', event_time) AS INTEGER) * 1000 + CAST(SUBSTR(event_time || '000', 21, 3) AS INTEGER)) AS event_ms,
    CASE
      WHEN LOWER(environment) IN ('production', 'prod', 'staging', 'dev', 'test', 'unknown')
      THEN LOWER(environment)
    END AS environment,
    CASE WHEN TRIM(event_id, CHAR(9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201, 8202, 8232, 8233, 8239, 8287, 12288)) <> '' THEN event_id END AS event_id,
    ingest_time AS ingest_time,
    CASE
      WHEN LOWER(registry_status) IN ('approved', 'pending', 'denied', 'unknown')
      THEN LOWER(registry_status)
    END AS registry_status,
    CASE WHEN TRIM(server_name, CHAR(9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201, 8202, 8232, 8233, 8239, 8287, 12288)) <> '' THEN server_name END AS server_name
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
    ROW_NUMBER() OVER (PARTITION BY event_id, event_ms ORDER BY ingest_time NULLS LAST) AS copy_number
  FROM fields
), flags AS (
  SELECT
    event_ms,
    server_name AS subject,
    CASE
      WHEN (
        NOT server_name IS NULL
        AND COALESCE(environment, 'production') IN ('production', 'prod')
        AND (
          COALESCE(registry_status, 'unknown') <> 'approved'
          OR NOT server_name IN ('crm', 'o''hara')
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
        NOT server_name IS NULL
        AND NOT COALESCE(environment, 'production') IN ('production', 'prod')
        AND (
          COALESCE(registry_status, 'unknown') <> 'approved'
          OR NOT server_name IN ('crm', 'o''hara')
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
