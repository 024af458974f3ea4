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

-- name: unfinished_runs
-- The oldest first.
SELECT id, deadline_at FROM runs
WHERE job_id = %(job_id)s AND trigger = 'schedule' AND ended_at IS NULL
    AND (%(before)s::uuid IS NULL OR id < %(before)s::uuid)
ORDER BY id;

-- name: get_tick
SELECT * FROM ticks WHERE job_id = %(job_id)s AND at = %(at)s;

-- name: list_ticks
SELECT * FROM ticks WHERE job_id = %(job_id)s ORDER BY at DESC LIMIT %(limit)s;

-- name: insert_tick
INSERT INTO ticks (workspace_id, job_id, at, outcome, reason, message, run_id, other_run_id)
VALUES (
    %(workspace_id)s, %(job_id)s, %(at)s, %(outcome)s, %(reason)s, %(message)s, %(run_id)s, %(other_run_id)s
)
ON CONFLICT DO NOTHING;

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

-- name: known_ticks
SELECT at FROM ticks WHERE job_id = %(job_id)s AND at = ANY(%(times)s::timestamptz[]);

-- name: accounted
UPDATE schedules SET accounted_until = greatest(accounted_until, %(until)s) WHERE job_id = %(job_id)s;

-- name: failing
-- Those whose last ticks all were to start a run and did not. Matinee's own absence is no fault of a schedule's.
SELECT job_id FROM schedules
WHERE enabled
    AND (%(job_ids)s::uuid[] IS NULL OR job_id = ANY(%(job_ids)s::uuid[]))
    AND (
        SELECT count(*) = %(ticks)s AND bool_and(outcome = 'missed' AND reason IN ('not_delivered', 'start_failed'))
        FROM (
            SELECT outcome, reason FROM ticks WHERE ticks.job_id = schedules.job_id ORDER BY at DESC LIMIT %(ticks)s
        ) AS latest
    );

-- name: beat
-- Gives when the sweep before came.
INSERT INTO sweeps AS known (at) VALUES (%(at)s)
ON CONFLICT (single) DO UPDATE SET at = greatest(known.at, excluded.at)
RETURNING (SELECT at FROM sweeps) AS before;

-- name: note_outage
INSERT INTO outages (began_at, ended_at) VALUES (%(began_at)s, %(ended_at)s) ON CONFLICT DO NOTHING;

-- name: forget_outages
DELETE FROM outages WHERE ended_at < %(before)s;

-- name: forget_ticks
DELETE FROM ticks WHERE at < %(before)s;
