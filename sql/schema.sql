-- mcp_audit: one row per event of an MCP gateway, server or registry. One meaning per column.
--
-- This file is the dictionary of the project: the engine's prelude, the gates, the Sigma rules and the lab's
-- audit writer all read it. After each column stands its kind and its meaning:
--
--   text                   exact, never folded; blanks only and '' are absent
--   enum(a|b)              folded to lower case; any other value is absent and counted as malformed
--   bool, integer, number  true/false in any case, 1 or 0; whole numbers; numbers
--   time                   RFC 3339 (no zone: UTC) or epoch seconds (below 1e11) or milliseconds
--   texts                  a list of texts; [] is a fact and not the same as absent
--   derived bool: … := SQL computed on reading by that expression; only where it says nothing, for want of facts,
--                          counts what the event itself carries
--   derived bool(false)    the same, but false wins, whether the expression or the event itself says it; or true
--
-- Absent is NULL everywhere. Only event_time must be there.
CREATE TABLE mcp_audit (
  event_time           TIMESTAMP,        -- time: when the action happened (end of the call where a source has one stamp)
  ingest_time          TIMESTAMP,        -- time: when a collector received it; in a table, the first received of one identity counts
  event_id             TEXT,             -- text: the source's own id of this event; absent: the event is its own
  event_kind           TEXT,             -- enum(tool_call|tools_list|gateway_decision|registry|token|notification): what happened; absent is a tool call
  actor_id             TEXT,             -- text: the human or service principal on whose behalf the call was made
  actor_type           TEXT,             -- enum(human|service|agent|unknown): what the actor is
  actor_tags           TEXT,             -- texts: what an inventory says of the actor, such as read_only
  agent_id             TEXT,             -- text: the logical agent that made the call
  client_id            TEXT,             -- text: the OAuth client, never the self-asserted clientInfo.name
  server_name          TEXT,             -- text: the gateway's name of the target server, never serverInfo.name
  tool_name            TEXT,             -- text: the tool that was called
  method               TEXT,             -- text: the JSON-RPC method
  action_class         TEXT,             -- enum(read|write|destructive|unknown): by the pinned manifest's annotations, never the live ones
  open_world           BOOLEAN,          -- bool: the pinned manifest says that the tool meets the outside world (openWorldHint)
  decision             TEXT,             -- enum(allow|deny|require_approval|error|none): what policy said before dispatch
  policy_id            TEXT,             -- text: the policy rule that decided
  policy_version       TEXT,             -- text: the version of that policy
  approval_id          TEXT,             -- text: the approval that is bound to this call
  approver_id          TEXT,             -- text: who approved
  token_jti            TEXT,             -- text: the token's id, never the token
  token_iss            TEXT,             -- text: the token's issuer
  token_aud            TEXT,             -- texts: the audiences that the token names
  token_scopes         TEXT,             -- texts: the scopes that were granted
  required_scopes      TEXT,             -- texts: the scopes that the call needs
  server_audience      TEXT,             -- text: the audience that the target server answers to (RFC 9728 resource)
  audience_match       BOOLEAN,          -- derived bool(false): server_audience is one of token_aud; absent where either is := CASE WHEN server_audience IS NOT NULL THEN list_contains(token_aud, server_audience) END
  scope_match          BOOLEAN,          -- derived bool(false): every one of required_scopes is in token_scopes := list_has_all(token_scopes, required_scopes)
  manifest_hash        TEXT,             -- text: SHA-256 of the server's tool manifest as it is now
  pinned_manifest_hash TEXT,             -- text: SHA-256 of the manifest that was approved
  manifest_match       BOOLEAN,          -- derived bool(false): manifest_hash = pinned_manifest_hash := manifest_hash = pinned_manifest_hash
  change_ticket        TEXT,             -- text: the change that announced a new manifest
  deploy_window        BOOLEAN,          -- bool: the event fell into an announced window of this server
  server_fingerprint   TEXT,             -- text: SHA-256 of the server's image, launch settings and address
  registry_status      TEXT,             -- enum(approved|pending|denied|unknown): what the registry says of the server; absent counts as not approved
  environment          TEXT,             -- enum(production|prod|staging|dev|test|unknown): where the server runs; absent counts as production
  session_id           TEXT,             -- text: Mcp-Session-Id, where a revision has one
  conversation_id      TEXT,             -- text: the agent's conversation
  trace_id             TEXT,             -- text: W3C trace id, 32 hex digits
  span_id              TEXT,             -- text: W3C span id of this call
  parent_call_id       TEXT,             -- text: the span id of the call that caused this one
  chain_depth          BIGINT,           -- integer: how many calls of this trace led to this one, itself included
  fan_out              BIGINT,           -- integer: how many calls share this one's parent so far
  untrusted_context    BOOLEAN,          -- bool: a result from an open-world tool entered this conversation before the call
  classifier_result    TEXT,             -- enum(clean|redact|quarantine|error): what the output stage said after completion; absent: not scanned
  classifier_labels    TEXT,             -- texts: what it found, such as secret.api_key or pii.email
  status               TEXT,             -- enum(ok|error|denied|timeout): how the call ended
  is_error             BOOLEAN,          -- bool: the tool itself said isError
  error_code           TEXT,             -- text: the JSON-RPC or HTTP code of a failure
  latency_ms           DOUBLE PRECISION, -- number: from request to answer
  args_hash            TEXT,             -- text: SHA-256 of the call's canonical arguments
  bytes_out            BIGINT,           -- integer: size of the result
  src_ip               TEXT,             -- text: the peer's address as the gateway saw it
  user_agent           TEXT,             -- text: as sent
  protocol_version     TEXT,             -- text: the MCP revision of the call
  transport            TEXT,             -- text: streamable-http, sse or stdio
  gateway              TEXT,             -- text: which gateway wrote the event
  source_format        TEXT,             -- text: the log format it was read from
  has_approval         BOOLEAN,          -- derived bool: approval_id is not absent := approval_id IS NOT NULL
  has_ticket           BOOLEAN,          -- derived bool: change_ticket is not absent := change_ticket IS NOT NULL
  actor_is_read_only   BOOLEAN,          -- derived bool(true): actor_tags holds read_only; absent where actor_tags is := list_contains(actor_tags, 'read_only')
  has_secret_label     BOOLEAN,          -- derived bool(true): a classifier label starts with secret.; absent where classifier_labels is := len(list_filter(classifier_labels, lambda label: starts_with(label, 'secret.'))) > 0
  has_injection_label  BOOLEAN,          -- derived bool(true): a classifier label starts with injection.; absent where classifier_labels is := len(list_filter(classifier_labels, lambda label: starts_with(label, 'injection.'))) > 0
  has_personal_label   BOOLEAN,          -- derived bool(true): a classifier label starts with pii.; absent where classifier_labels is := len(list_filter(classifier_labels, lambda label: starts_with(label, 'pii.'))) > 0
  has_many_audiences   BOOLEAN,          -- derived bool(true): the token names more than one audience := len(list_distinct(token_aud)) > 1
  has_wildcard_scope   BOOLEAN,          -- derived bool(true): a granted scope is *, ends in :* or .*, or is admin; absent where token_scopes is := len(list_filter(token_scopes, lambda word: word = '*' OR ends_with(word, ':*') OR ends_with(word, '.*') OR word = 'admin')) > 0
  token_scope_count    BIGINT,           -- derived integer: how many different scopes were granted; absent where token_scopes is := len(list_distinct(token_scopes))
  is_self_approved     BOOLEAN           -- derived bool(true): the approver is the actor, by name := approver_id = actor_id
);
