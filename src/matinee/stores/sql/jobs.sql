-- name: insert_job
INSERT INTO jobs (
    id, workspace_id, name, description, base_url, parallelism, retries, timeout_seconds, run_timeout_seconds,
    stop_after_failures
) VALUES (
    %(id)s, %(workspace_id)s, %(name)s, %(description)s, %(base_url)s, %(parallelism)s, %(retries)s,
    %(timeout_seconds)s, %(run_timeout_seconds)s, %(stop_after_failures)s
)
ON CONFLICT DO NOTHING;

-- name: known_tests
-- Locked, so that none is deleted before the job has it.
SELECT id FROM tests WHERE id = ANY(%(tests)s::uuid[]) AND workspace_id = %(workspace_id)s ORDER BY id FOR KEY SHARE;

-- name: insert_job_tests
INSERT INTO job_tests (workspace_id, job_id, position, test_id)
SELECT %(workspace_id)s, %(id)s, position - 1, test_id
FROM unnest(%(tests)s::uuid[]) WITH ORDINALITY AS listed (test_id, position);

-- name: delete_job_tests
DELETE FROM job_tests WHERE job_id = %(id)s;

-- name: get_job
SELECT jobs.*, latest.id AS run_id, latest.status AS run_status, latest.created_at AS run_created_at,
    latest.ended_at AS run_ended_at, latest.duration_ms AS run_duration_ms, (
        SELECT coalesce(jsonb_object_agg(tally.status, tally.tests), '{}')
        FROM (SELECT status, count(*) AS tests FROM run_tests WHERE run_id = latest.id GROUP BY status) AS tally
    ) AS run_tally,
    (SELECT count(*) FROM job_tests WHERE job_id = jobs.id) AS test_count
FROM jobs LEFT JOIN LATERAL (
    SELECT id, status, created_at, ended_at, duration_ms FROM runs WHERE job_id = jobs.id ORDER BY id DESC LIMIT 1
) AS latest ON true
WHERE jobs.id = %(id)s AND jobs.workspace_id = %(workspace_id)s;

-- name: tests_of_job
SELECT test_id FROM job_tests WHERE job_id = %(id)s ORDER BY position;

-- name: list_jobs
SELECT jobs.*, latest.id AS run_id, latest.status AS run_status, latest.created_at AS run_created_at,
    latest.ended_at AS run_ended_at, latest.duration_ms AS run_duration_ms, (
        SELECT coalesce(jsonb_object_agg(tally.status, tally.tests), '{}')
        FROM (SELECT status, count(*) AS tests FROM run_tests WHERE run_id = latest.id GROUP BY status) AS tally
    ) AS run_tally,
    (SELECT count(*) FROM job_tests WHERE job_id = jobs.id) AS test_count
FROM jobs LEFT JOIN LATERAL (
    SELECT id, status, created_at, ended_at, duration_ms FROM runs WHERE job_id = jobs.id ORDER BY id DESC LIMIT 1
) AS latest ON true
WHERE jobs.workspace_id = %(workspace_id)s
    AND (%(name)s::text IS NULL OR name = %(name)s)
    AND (%(search)s::text IS NULL OR strpos(lower(concat_ws(E'\n', name, description)), lower(%(search)s)) > 0)
    AND (%(before)s::uuid IS NULL OR jobs.id < %(before)s::uuid)
ORDER BY jobs.id DESC
LIMIT %(limit)s;

-- name: lock_job
SELECT version FROM jobs WHERE id = %(id)s AND workspace_id = %(workspace_id)s FOR UPDATE;

-- name: update_job
UPDATE jobs
SET name = %(name)s, description = %(description)s, base_url = %(base_url)s, parallelism = %(parallelism)s,
    retries = %(retries)s, timeout_seconds = %(timeout_seconds)s, run_timeout_seconds = %(run_timeout_seconds)s,
    stop_after_failures = %(stop_after_failures)s, version = version + 1, updated_at = now()
WHERE id = %(id)s;
