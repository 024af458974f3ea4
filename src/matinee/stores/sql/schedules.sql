-- name: get_schedule
SELECT * FROM schedules
WHERE job_id = %(job_id)s AND (%(workspace_id)s::uuid IS NULL OR workspace_id = %(workspace_id)s);

-- name: schedules_of
SELECT * FROM schedules WHERE job_id = ANY(%(job_ids)s::uuid[]);

-- name: lock_schedule
SELECT * FROM schedules WHERE job_id = %(job_id)s FOR UPDATE;

-- name: put_schedule
INSERT INTO schedules (
    job_id, workspace_id, cron, timezone, enabled, overlap, missed, starts_at, ends_at, anchor_at, accounted_until
) VALUES (
    %(job_id)s, %(workspace_id)s, %(cron)s, %(timezone)s, %(enabled)s, %(overlap)s, %(missed)s, %(starts_at)s,
    %(ends_at)s, %(anchor_at)s, %(accounted_until)s
)
ON CONFLICT (job_id) DO UPDATE SET
    cron = excluded.cron, timezone = excluded.timezone, enabled = excluded.enabled, overlap = excluded.overlap,
    missed = excluded.missed, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
    anchor_at = excluded.anchor_at, accounted_until = excluded.accounted_until;

-- name: delete_schedule
DELETE FROM schedules WHERE job_id = %(job_id)s;

-- name: list_enabled
SELECT * FROM schedules
WHERE enabled AND (%(after)s::uuid IS NULL OR job_id > %(after)s::uuid)
ORDER BY job_id
LIMIT %(limit)s;

-- name: list_named
SELECT schedules.*, jobs.name
FROM schedules JOIN jobs ON jobs.id = job_id
WHERE schedules.workspace_id = %(workspace_id)s AND enabled
ORDER BY jobs.name;

-- name: insert_missed
-- With why: whether Matinee was away when it was due.
INSERT INTO ticks (workspace_id, job_id, at, outcome, reason, message)
SELECT %(workspace_id)s, %(job_id)s, due.at, 'missed', why.reason, why.message
FROM unnest(%(times)s::timestamptz[]) AS due (at)
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM outages WHERE due.at > began_at AND due.at <= ended_at) AS away
) AS outage
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN outage.away THEN %(away)s ELSE %(reason)s END AS reason,
        CASE WHEN outage.away THEN %(away_message)s ELSE %(message)s END AS message
) AS why
ON CONFLICT DO NOTHING;
