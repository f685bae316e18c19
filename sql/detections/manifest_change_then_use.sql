-- title: MCP Tool Used Within Ten Minutes Of An Unannounced Change
-- id: b4c2130f-d4ab-4961-9310-f455f9bfaa69
-- status: experimental
-- level: critical
-- description: |
--   What it does: gives the first call that a conversation got through to a server (policy allowed it, or no
--   policy decided and it ended well) within ten minutes after that server's manifest had changed before the
--   same conversation's eyes: to one that is not the pinned one, with no ticket and outside the deploy window.
--   Why it matters: the agent has read the changed text and acts on it. This is a rug pull at work, seen in the
--   order in which it happens.
--   What it misses: a change that was there before the conversation began, one that is used later than ten
--   minutes, tools whose behaviour changes under the same manifest, and sources that log no manifest of each
--   listing.
--   Response: playbook contain-server; end the conversation, undo the call with its owner, and pin the old
--   manifest again.
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
--   - An upgrade without a ticket, met by a conversation that was open
--   - A client that is shown more tools once its session is initialised
-- custom:
--   risk: tool-poisoning
--   needs: [server_name, conversation_id, manifest_hash, decision]
--   subject: server
--   playbook: contain-server
WITH unstable AS (
  SELECT conversation_id
  FROM mcp_audit
  GROUP BY server_name, conversation_id
  HAVING MIN(manifest_hash) <> MAX(manifest_hash)
),
shown AS (
  SELECT
    event_ms,
    event_key,
    event_kind,
    server_name,
    conversation_id,
    manifest_hash,
    manifest_match,
    deploy_window,
    change_ticket,
    decision,
    status,
    LAG(manifest_hash) OVER (
      PARTITION BY server_name, conversation_id, CASE WHEN manifest_hash IS NULL THEN 0 ELSE 1 END
      ORDER BY event_ms, event_key
    ) AS hash_before
  FROM mcp_audit
  WHERE conversation_id IN (SELECT conversation_id FROM unstable)
    AND server_name IS NOT NULL
),
marked AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    conversation_id,
    CASE WHEN COALESCE(event_kind, 'tool_call') = 'tool_call'
          AND (decision = 'allow' OR decision = 'none' AND status = 'ok')
          AND COALESCE(status, 'ok') <> 'denied'
          AND COALESCE(manifest_match, FALSE) = FALSE
         THEN 1 ELSE 0 END AS is_use,
    MAX(CASE WHEN manifest_hash <> hash_before
              AND COALESCE(manifest_match, FALSE) = FALSE
              AND COALESCE(deploy_window, FALSE) = FALSE
              AND change_ticket IS NULL
             THEN event_ms END) OVER (
      PARTITION BY server_name, conversation_id
      ORDER BY event_ms
    ) AS changed_ms
  FROM shown
),
uses AS (
  SELECT
    event_ms,
    event_key,
    server_name,
    ROW_NUMBER() OVER (
      PARTITION BY server_name, conversation_id, changed_ms
      ORDER BY event_ms, event_key
    ) AS place
  FROM marked
  WHERE is_use = 1
    AND event_ms - changed_ms < 600000
)
SELECT
  event_ms,
  event_key,
  server_name AS subject
FROM uses
WHERE place = 1
