-- name: lock_workspace
-- So that of two who make or revoke keys at once the second sees what the first did. Nobody else need wait for that.
SELECT id FROM workspaces WHERE id = %(workspace_id)s FOR NO KEY UPDATE;

-- name: count_working
SELECT count(*) AS working, count(*) FILTER (WHERE role = 'owner') AS owners FROM api_keys
WHERE workspace_id = %(workspace_id)s AND revoked_at IS NULL AND coalesce(expires_at > now(), true);

-- name: list_keys
SELECT * FROM api_keys WHERE workspace_id = %(workspace_id)s ORDER BY id DESC;

-- name: find_key
SELECT role = 'owner' AND coalesce(expires_at > now(), true) AS owns FROM api_keys
WHERE id = %(id)s AND workspace_id = %(workspace_id)s AND revoked_at IS NULL;

-- name: revoke_key
UPDATE api_keys SET revoked_at = now() WHERE id = %(id)s;

-- name: forget_keys
-- Of two times of which one is null, least() gives the other.
DELETE FROM api_keys WHERE least(revoked_at, expires_at) < now() - %(kept)s;
