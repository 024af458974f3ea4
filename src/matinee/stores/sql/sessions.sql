-- name: find_working_key
SELECT id FROM api_keys
WHERE hash = %(hash)s AND revoked_at IS NULL AND coalesce(expires_at > now(), true);

-- name: take_link
-- Of two who use it at once the second finds nothing.
DELETE FROM sign_in_links WHERE hash = %(hash)s AND expires_at > now() RETURNING key_id AS id;

-- name: insert_session
INSERT INTO sessions (hash, workspace_id, key_id, expires_at)
SELECT %(hash)s, workspace_id, id, least(expires_at, now() + %(lasts)s) FROM api_keys
WHERE id = %(key_id)s AND revoked_at IS NULL AND coalesce(expires_at > now(), true);

-- name: find_session
SELECT sessions.created_at, sessions.expires_at, sessions.workspace_id, workspaces.name AS workspace_name,
    sessions.key_id, api_keys.name AS key_name, api_keys.prefix AS key_prefix,
    coalesce(last_used_at < now() - interval '1 minute', true) AS stale
FROM sessions
JOIN api_keys ON api_keys.id = sessions.key_id
JOIN workspaces ON workspaces.id = sessions.workspace_id
WHERE sessions.hash = %(hash)s AND sessions.expires_at > now()
    AND revoked_at IS NULL AND coalesce(api_keys.expires_at > now(), true);

-- name: touch_key
UPDATE api_keys SET last_used_at = now() WHERE id = %(key_id)s;

-- name: end_session
DELETE FROM sessions WHERE hash = %(hash)s;

-- name: insert_link
INSERT INTO sign_in_links (hash, workspace_id, key_id, expires_at)
SELECT %(hash)s, workspace_id, id, least(expires_at, now() + %(lasts)s) FROM api_keys
WHERE id = %(key_id)s AND revoked_at IS NULL AND coalesce(expires_at > now(), true)
RETURNING expires_at;

-- name: forget_sessions
DELETE FROM sessions WHERE expires_at < now();

-- name: forget_links
DELETE FROM sign_in_links WHERE expires_at < now();
