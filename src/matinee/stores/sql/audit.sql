-- name: list_audit
SELECT * FROM audit
WHERE workspace_id = %(workspace_id)s
    AND (%(target_id)s::text IS NULL OR target_id = %(target_id)s)
    AND (%(before)s::bigint IS NULL OR id < %(before)s)
ORDER BY id DESC
LIMIT %(limit)s;

-- name: forget_audit
DELETE FROM audit WHERE at < %(before)s;
