-- title: MCP Conversation Makes Far More Calls Than Its Actor's Usual
-- id: e6a5cc0f-3be1-4de6-b578-90acc63b0b68
-- status: experimental
-- level: medium
-- description: |
--   What it does: gives the first call of a conversation with which it has made more than thirty calls in five
--   minutes, and more than its actor's usual: the median over the busy five minutes of the actor's conversations
--   in the fourteen days before, and six times the median deviation from it. The usual is taken once for each
--   day (UTC), before the day's first burst. An actor without a past is measured by the thirty alone.
--   Why it matters: one request that becomes dozens burns limits that others need, and hides the one call that
--   matters.
--   What it misses: slow loops, a spike spread over conversations or actors, an actor whose every day is a spike,
--   and a sudden rise that stays under thirty.
--   Response: stop the conversation; give batch work an actor of its own.
-- references:
--   - https://atlas.mitre.org/techniques/AML.T0034.002
--   - https://atlas.mitre.org/techniques/AML.T0029
--   - https://owasp.org/www-project-mcp-top-10/
--   - https://github.com/safe-agentic-framework/safe-mcp
-- author: mcpsoar project
-- date: 2026-11-27
-- tags:
--   - atlas.v5.6.0
--   - atlas.aml.t0034.002
--   - atlas.aml.t0029
--   - owasp.mcp10-2025-context-injection-and-over-sharing
--   - safe.t1106
--   - safe.t2102
-- falsepositives:
--   - The first run of a batch job, seen in the benign corpus
--   - A bot that polls in one conversation, seen in the drill
--   - An agent that is asked to go through a long list
-- custom:
--   risk: runaway-chain
--   needs: [conversation_id, actor_id]
--   subject: conversation
--   playbook: none
WITH busy AS (
  SELECT conversation_id
  FROM mcp_audit
  GROUP BY conversation_id
  HAVING COUNT(*) > 30
),
counted AS (
  SELECT
    event_ms,
    event_key,
    conversation_id,
    actor_id,
    COUNT(*) OVER (
      PARTITION BY conversation_id, actor_id
      ORDER BY event_ms
      RANGE BETWEEN 299999 PRECEDING AND CURRENT ROW
    ) AS calls
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND actor_id IS NOT NULL
    AND conversation_id IN (SELECT conversation_id FROM busy)
),
spikes AS (
  SELECT
    conversation_id,
    actor_id,
    MIN(event_ms) AS began_ms
  FROM counted
  WHERE calls > 30
  GROUP BY conversation_id, actor_id
),
ordered AS (
  SELECT
    conversation_id,
    actor_id,
    began_ms,
    ROW_NUMBER() OVER (
      PARTITION BY actor_id, began_ms - began_ms % 86400000
      ORDER BY began_ms, conversation_id
    ) AS place
  FROM spikes
),
asked AS (
  SELECT
    conversation_id,
    actor_id,
    began_ms
  FROM ordered
  WHERE place = 1
),
slices AS (
  SELECT
    conversation_id,
    actor_id,
    event_ms - event_ms % 300000 AS slice_ms,
    COUNT(*) AS calls
  FROM mcp_audit
  WHERE COALESCE(event_kind, 'tool_call') = 'tool_call'
    AND actor_id IN (SELECT actor_id FROM spikes)
  GROUP BY conversation_id, actor_id, event_ms - event_ms % 300000
),
past AS (
  SELECT
    asked.actor_id,
    asked.began_ms,
    slices.calls,
    ROW_NUMBER() OVER (
      PARTITION BY asked.actor_id, asked.began_ms
      ORDER BY slices.calls
    ) AS place,
    COUNT(*) OVER (PARTITION BY asked.actor_id, asked.began_ms) AS places
  FROM asked
  JOIN slices
    ON asked.actor_id = slices.actor_id
   AND asked.conversation_id <> slices.conversation_id
   AND slices.slice_ms + 300000 <= asked.began_ms
   AND slices.slice_ms >= asked.began_ms - 1209600000
),
medians AS (
  SELECT
    actor_id,
    began_ms,
    calls AS usual
  FROM past
  WHERE 2 * place IN (places, places + 1)
),
deviations AS (
  SELECT
    past.actor_id,
    past.began_ms,
    medians.usual,
    ABS(past.calls - medians.usual) AS deviation,
    ROW_NUMBER() OVER (
      PARTITION BY past.actor_id, past.began_ms
      ORDER BY ABS(past.calls - medians.usual)
    ) AS place,
    past.places
  FROM past
  JOIN medians
    ON past.actor_id = medians.actor_id
   AND past.began_ms = medians.began_ms
),
bounds AS (
  SELECT
    actor_id,
    began_ms - began_ms % 86400000 AS day_ms,
    usual + 6 * deviation AS bound
  FROM deviations
  WHERE 2 * place IN (places, places + 1)
),
placed AS (
  SELECT
    counted.event_ms,
    counted.event_key,
    counted.conversation_id,
    ROW_NUMBER() OVER (
      PARTITION BY counted.conversation_id, counted.actor_id
      ORDER BY counted.event_ms, counted.event_key
    ) AS place
  FROM counted
  JOIN spikes
    ON counted.conversation_id = spikes.conversation_id
   AND counted.actor_id = spikes.actor_id
  LEFT JOIN bounds
    ON spikes.actor_id = bounds.actor_id
   AND spikes.began_ms - spikes.began_ms % 86400000 = bounds.day_ms
  WHERE counted.calls > 30
    AND counted.calls > COALESCE(bounds.bound, 0)
)
SELECT
  event_ms,
  event_key,
  conversation_id AS subject
FROM placed
WHERE place = 1
