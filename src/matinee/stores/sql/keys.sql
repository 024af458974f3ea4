-- name: ensure_workspace
INSERT INTO workspaces (id, name) VALUES (%(id)s, %(name)s) ON CONFLICT DO NOTHING;

-- name: insert_key
INSERT INTO api_keys (id, workspace_id, name, role, prefix, hash, expires_at)
VALUES (%(id)s, %(workspace_id)s, %(name)s, %(role)s, %(prefix)s, %(hash)s, %(expires_at)s)
RETURNING *;

-- name: insert_first_key
INSERT INTO api_keys (id, workspace_id, name, role, prefix, hash, expires_at)
SELECT %(id)s, %(workspace_id)s, %(name)s, %(role)s, %(prefix)s, %(hash)s, %(expires_at)s
WHERE NOT EXISTS (
    SELECT FROM api_keys
    WHERE workspace_id = %(workspace_id)s AND role = 'owner' AND revoked_at IS NULL AND coalesce(expires_at > now(), true)
)
RETURNING id;

-- name: find_key
SELECT api_keys.id, workspace_id, api_keys.name, role, requests_per_minute,
    coalesce(last_used_at < now() - interval '1 minute', true) AS stale
FROM api_keys JOIN workspaces ON workspaces.id = workspace_id
WHERE hash = %(hash)s AND revoked_at IS NULL AND coalesce(expires_at > now(), true);

-- name: touch_key
UPDATE api_keys SET last_used_at = now() WHERE id = %(id)s;

-- name: insert_ticket
INSERT INTO run_tickets (hash, workspace_id, run_id, key_id, member_id, expires_at)
VALUES (
    %(hash)s, %(workspace_id)s, %(run_id)s, %(key_id)s, %(member_id)s, now() + make_interval(secs => %(seconds)s)
)
RETURNING expires_at;

-- name: find_ticket
SELECT run_tickets.workspace_id, run_id
FROM run_tickets LEFT JOIN api_keys ON api_keys.id = key_id
WHERE run_tickets.hash = %(hash)s AND run_tickets.expires_at > now()
    AND revoked_at IS NULL AND coalesce(api_keys.expires_at > now(), true);

-- name: forget_tickets
DELETE FROM run_tickets WHERE expires_at < now();
