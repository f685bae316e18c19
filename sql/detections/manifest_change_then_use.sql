-- title: MCP Tool Used Within Ten Minutes Of An Unannounced Change
-- id: b4c2130f-d4ab-4961-9310-f455f9bfaa69
-- status: experimental
-- level: critical
-- description: |
--   What it does: gives the first call that a conversation got through to a server within ten minutes after that
--   server's manifest had changed before the same conversation's eyes: to one that is not the pinned one, with no
--   ticket and outside the deploy window.
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
    server_name,
    conversation_id,
    manifest_hash,
    manifest_match,
    deploy_window,
    change_ticket,
    LAG(manifest_hash) OVER (
      PARTITION BY server_name, conversation_id
      ORDER BY event_ms, event_key
    ) AS hash_before
  FROM mcp_audit
  WHERE conversation_id IN (SELECT conversation_id FROM unstable)
    AND manifest_hash IS NOT NULL
),
changes AS (
  SELECT
    server_name,
    conversation_id,
    event_ms AS changed_ms
  FROM shown
  WHERE manifest_hash <> hash_before
    AND COALESCE(manifest_match, FALSE) = FALSE
    AND COALESCE(deploy_window, FALSE) = FALSE
    AND change_ticket IS NULL
),
uses AS (
  SELECT
    call.event_ms,
    call.event_key,
    call.server_name,
    ROW_NUMBER() OVER (
      PARTITION BY call.server_name, call.conversation_id, changes.changed_ms
      ORDER BY call.event_ms, call.event_key
    ) AS place
  FROM mcp_audit AS call
  JOIN changes
    ON call.server_name = changes.server_name
   AND call.conversation_id = changes.conversation_id
   AND call.event_ms BETWEEN changes.changed_ms AND changes.changed_ms + 600000
  WHERE COALESCE(call.event_kind, 'tool_call') = 'tool_call'
    AND call.decision = 'allow'
    AND COALESCE(call.status, 'ok') <> 'denied'
    AND COALESCE(call.manifest_match, FALSE) = FALSE
)
SELECT
  event_ms,
  event_key,
  server_name AS subject
FROM uses
WHERE place = 1
GROUP BY event_ms, event_key, server_name
