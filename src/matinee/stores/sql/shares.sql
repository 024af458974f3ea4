-- name: lock_run
-- So that of two who share it at once the second counts the first one's, and that nobody deletes it meanwhile.
SELECT id FROM runs WHERE id = %(run_id)s AND workspace_id = %(workspace_id)s FOR NO KEY UPDATE;

-- name: find_run
SELECT id FROM runs WHERE id = %(run_id)s AND workspace_id = %(workspace_id)s;

-- name: count_living
SELECT count(*) AS living FROM shares WHERE run_id = %(run_id)s AND revoked_at IS NULL AND expires_at > now();

-- name: insert_share
INSERT INTO shares (id, workspace_id, run_id, name, prefix, hash, created_by, expires_at)
VALUES (
    %(id)s, %(workspace_id)s, %(run_id)s, %(name)s, %(prefix)s, %(hash)s, %(created_by)s,
    now() + make_interval(days => %(days)s)
)
RETURNING *;

-- name: list_shares
SELECT * FROM shares WHERE run_id = %(run_id)s AND workspace_id = %(workspace_id)s ORDER BY id DESC;

-- name: revoke_share
UPDATE shares SET revoked_at = coalesce(revoked_at, now())
WHERE id = %(id)s AND run_id = %(run_id)s AND workspace_id = %(workspace_id)s;

-- name: find_share
SELECT id, workspace_id, run_id, coalesce(last_used_at < now() - interval '1 minute', true) AS stale
FROM shares WHERE hash = %(hash)s AND revoked_at IS NULL AND expires_at > now();

-- name: touch_share
UPDATE shares SET last_used_at = now() WHERE id = %(id)s;
