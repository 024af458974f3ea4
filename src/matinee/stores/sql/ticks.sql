-- name: hold_job
-- Before its schedule, as whoever changes or deletes the job does: else they deadlock.
SELECT id FROM jobs WHERE id = %(job_id)s FOR KEY SHARE;

-- name: lock_schedule
SELECT * FROM schedules WHERE job_id = %(job_id)s FOR UPDATE;

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

-- name: forget_ticks
DELETE FROM ticks WHERE at < %(before)s;
