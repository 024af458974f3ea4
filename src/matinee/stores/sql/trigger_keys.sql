-- name: find_job
SELECT id FROM jobs WHERE id = %(job_id)s AND workspace_id = %(workspace_id)s;

-- name: lock_job
-- So that of two who make keys at once the second counts the first one's. Runs of the job need not wait for that.
SELECT id FROM jobs WHERE id = %(job_id)s AND workspace_id = %(workspace_id)s FOR NO KEY UPDATE;

-- name: count_living
SELECT count(*) AS living FROM trigger_keys
WHERE job_id = %(job_id)s AND revoked_at IS NULL AND expires_at > now();

-- name: forget_dead
DELETE FROM trigger_keys WHERE id IN (
    SELECT id FROM trigger_keys
    WHERE job_id = %(job_id)s AND (revoked_at IS NOT NULL OR expires_at <= now())
    ORDER BY id DESC
    OFFSET %(keep)s
);

-- name: insert_trigger_key
INSERT INTO trigger_keys (id, workspace_id, job_id, name, prefix, hash, expires_at)
VALUES (
    %(id)s, %(workspace_id)s, %(job_id)s, %(name)s, %(prefix)s, %(hash)s, now() + make_interval(days => %(days)s)
)
RETURNING *;

-- name: list_trigger_keys
SELECT * FROM trigger_keys WHERE job_id = %(job_id)s ORDER BY id DESC;

-- name: revoke_trigger_key
UPDATE trigger_keys SET revoked_at = coalesce(revoked_at, now())
WHERE id = %(id)s AND job_id = %(job_id)s AND workspace_id = %(workspace_id)s;

-- name: find_trigger_key
SELECT id, workspace_id, job_id FROM trigger_keys
WHERE hash = %(hash)s AND revoked_at IS NULL AND expires_at > now();

-- name: use_trigger_key
-- Counts a use if the window has room for it, or is over. Of many at once each waits for the row, and looks again.
UPDATE trigger_keys
SET last_used_at = now(),
    window_began_at = CASE WHEN window_began_at > now() - %(window)s THEN window_began_at ELSE now() END,
    window_used = CASE WHEN window_began_at > now() - %(window)s THEN window_used + 1 ELSE 1 END
WHERE id = %(id)s AND revoked_at IS NULL AND expires_at > now()
    AND (coalesce(window_began_at <= now() - %(window)s, true) OR window_used < %(most)s);

-- name: window_of_trigger_key
SELECT greatest(ceil(extract(epoch FROM window_began_at + %(window)s - now())), 1)::integer AS seconds_left
FROM trigger_keys
WHERE id = %(id)s AND revoked_at IS NULL AND expires_at > now();
