-- name: lock_job
SELECT id FROM jobs WHERE id = %(job_id)s AND workspace_id = %(workspace_id)s FOR UPDATE;

-- name: delete_job
DELETE FROM jobs WHERE id = %(job_id)s;

-- name: lock_runs_of_job
SELECT id FROM runs WHERE job_id = %(job_id)s ORDER BY id FOR UPDATE;

-- name: lock_run
SELECT id FROM runs WHERE id = %(run_id)s AND workspace_id = %(workspace_id)s FOR UPDATE;

-- name: lock_old_runs
-- A run that ended before then was made before then, too: so the index has the oldest.
SELECT id FROM runs
WHERE created_at < %(before)s AND ended_at < %(before)s
ORDER BY created_at
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;

-- name: leave_word
-- The tests that a worker may have, or get: those that were sent and nobody finished, or even began; a single script's
-- order may be sent before that is noted. An order does not lie on its queue for longer than a day.
INSERT INTO purges (run_id, workspace_id, settled, open_tests)
SELECT id, workspace_id, end_said_at IS NOT NULL, ARRAY(
    SELECT tests.id FROM run_tests AS tests
    WHERE run_id = runs.id AND (tests.sent_at IS NOT NULL OR runs.kind = 'test')
        AND (tests.ended_at IS NULL OR tests.attempts = 0 AND tests.ended_at > now() - interval '1 day')
)
FROM runs WHERE id = ANY(%(runs)s::uuid[])
ON CONFLICT DO NOTHING;

-- name: delete_runs
DELETE FROM runs WHERE id = ANY(%(runs)s::uuid[]);

-- name: waiting
-- Those first that somebody may still be at: they are to be stopped soon.
SELECT run_id, workspace_id, open_tests, settled, created_at FROM purges
WHERE (%(runs)s::uuid[] IS NULL OR run_id = ANY(%(runs)s::uuid[]))
ORDER BY cardinality(open_tests) = 0, created_at
LIMIT %(limit)s;

-- name: purged
DELETE FROM purges WHERE run_id = %(run_id)s;
