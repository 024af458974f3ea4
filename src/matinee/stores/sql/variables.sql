-- name: job
SELECT id FROM jobs WHERE id = %(job_id)s AND workspace_id = %(workspace_id)s;

-- name: hold_job
SELECT id FROM jobs WHERE id = %(job_id)s AND workspace_id = %(workspace_id)s FOR NO KEY UPDATE;

-- name: hold_workspace
SELECT id FROM workspaces WHERE id = %(workspace_id)s FOR NO KEY UPDATE;

-- name: list
SELECT name, secret, value, updated_at, updated_by FROM variables
WHERE workspace_id = %(workspace_id)s AND job_id IS NOT DISTINCT FROM %(job_id)s::uuid
ORDER BY name;

-- name: others
SELECT count(*) AS number, coalesce(sum(bytes), 0) AS bytes FROM variables
WHERE workspace_id = %(workspace_id)s AND job_id IS NOT DISTINCT FROM %(job_id)s::uuid AND name <> %(name)s;

-- name: put
INSERT INTO variables (workspace_id, job_id, name, secret, value, sealed, bytes, updated_by)
VALUES (
    %(workspace_id)s, %(job_id)s, %(name)s, %(secret)s, %(value)s, %(sealed)s, %(bytes)s, %(updated_by)s
)
ON CONFLICT (workspace_id, job_id, name) DO UPDATE
SET secret = excluded.secret, value = excluded.value, sealed = excluded.sealed, bytes = excluded.bytes,
    updated_at = now(), updated_by = excluded.updated_by
RETURNING name, secret, value, updated_at, updated_by;

-- name: delete
DELETE FROM variables
WHERE workspace_id = %(workspace_id)s AND job_id IS NOT DISTINCT FROM %(job_id)s::uuid AND name = %(name)s;
