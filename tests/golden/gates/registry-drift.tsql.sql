WITH fields AS (
  SELECT
    DATEDIFF_BIG(MILLISECOND, '1970-01-01', event_time) AS event_ms,
    CASE
      WHEN LOWER(environment) IN ('production', 'prod', 'staging', 'dev', 'test', 'unknown')
      THEN LOWER(environment)
    END AS environment,
    CASE WHEN TRIM(CONCAT(NCHAR(9), NCHAR(10), NCHAR(11), NCHAR(12), NCHAR(13), NCHAR(28), NCHAR(29), NCHAR(30), NCHAR(31), NCHAR(32), NCHAR(133), NCHAR(160), NCHAR(5760), NCHAR(8192), NCHAR(8193), NCHAR(8194), NCHAR(8195), NCHAR(8196), NCHAR(8197), NCHAR(8198), NCHAR(8199), NCHAR(8200), NCHAR(8201), NCHAR(8202), NCHAR(8232), NCHAR(8233), NCHAR(8239), NCHAR(8287), NCHAR(12288)) FROM event_id) <> '' THEN event_id END AS event_id,
    ingest_time AS ingest_time,
    CASE
      WHEN LOWER(registry_status) IN ('approved', 'pending', 'denied', 'unknown')
      THEN LOWER(registry_status)
    END AS registry_status,
    CASE WHEN TRIM(CONCAT(NCHAR(9), NCHAR(10), NCHAR(11), NCHAR(12), NCHAR(13), NCHAR(28), NCHAR(29), NCHAR(30), NCHAR(31), NCHAR(32), NCHAR(133), NCHAR(160), NCHAR(5760), NCHAR(8192), NCHAR(8193), NCHAR(8194), NCHAR(8195), NCHAR(8196), NCHAR(8197), NCHAR(8198), NCHAR(8199), NCHAR(8200), NCHAR(8201), NCHAR(8202), NCHAR(8232), NCHAR(8233), NCHAR(8239), NCHAR(8287), NCHAR(12288)) FROM server_name) <> '' THEN server_name END AS server_name
  FROM mcp_audit
), tick AS (
  SELECT
    1772367600000 AS as_of_ms
), copies AS (
  SELECT
    event_ms AS event_ms,
    event_id AS event_key,
    environment AS environment,
    event_id AS event_id,
    ingest_time AS ingest_time,
    registry_status AS registry_status,
    server_name AS server_name,
    ROW_NUMBER() OVER (
      PARTITION BY event_id, event_ms
      ORDER BY CASE WHEN ingest_time IS NULL THEN 1 ELSE 0 END, ingest_time
    ) AS copy_number
  FROM fields
), flags AS (
  SELECT
    event_ms AS event_ms,
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
  COUNT_BIG(*) AS events,
  COUNT_BIG(CASE WHEN judged = 1 THEN 1 END) AS judged,
  COUNT_BIG(DISTINCT CASE WHEN hit = 1 AND judged = 1 THEN subject END) AS numerator,
  0 AS denominator,
  COUNT_BIG(DISTINCT CASE WHEN warned = 1 AND judged = 1 THEN subject END) AS warned
FROM flags
CROSS JOIN tick
WHERE
  event_ms >= as_of_ms - 86400000 AND event_ms < as_of_ms
