-- name: take_key
-- The row that has the key, whether it is ours or was there. Waits for another transaction that is taking it.
INSERT INTO idempotency_keys (workspace_id, key, fingerprint, run_id)
VALUES (%(workspace_id)s, %(idempotency_key)s, %(fingerprint)s, %(id)s)
ON CONFLICT (workspace_id, key) DO UPDATE SET key = excluded.key
RETURNING run_id, fingerprint;

-- name: insert_run
INSERT INTO runs (
    id, workspace_id, kind, trigger, title, created_at,
    job_id, rerun_of, parallelism, stop_after_failures, deadline_at, scheduled_at, in_line, planned_at
) VALUES (
    %(id)s, %(workspace_id)s, %(kind)s::run_kind, %(trigger)s, %(title)s, %(created_at)s,
    %(job_id)s, %(rerun_of)s, %(parallelism)s, %(stop_after_failures)s, %(deadline_at)s,
    %(scheduled_at)s, %(in_line)s,
    -- A single test whose workspace has so many places is sent in its turn, as a job's are.
    CASE WHEN %(kind)s::run_kind = 'test' AND EXISTS (
        SELECT FROM workspaces WHERE id = %(workspace_id)s::uuid AND max_concurrent_tests IS NOT NULL
    ) THEN %(created_at)s::timestamptz END
);

-- name: insert_test
INSERT INTO run_tests (
    id, workspace_id, run_id, position, title,
    language, module, script, base_url, timeout_seconds, retries, variables, saved_test_id, test_version
) VALUES (
    %(id)s, %(workspace_id)s, %(run_id)s, %(position)s, %(title)s,
    %(language)s, %(module)s, %(script)s, %(base_url)s, %(timeout_seconds)s, %(retries)s, %(variables)s,
    %(saved_test_id)s, %(test_version)s
);

-- name: get_run
SELECT runs.*, (
    SELECT coalesce(jsonb_object_agg(tally.status, tally.tests), '{}')
    FROM (SELECT status, count(*) AS tests FROM run_tests WHERE run_id = runs.id GROUP BY status) AS tally
) AS tally
FROM runs
WHERE id = %(run_id)s
    AND (%(workspace_id)s::uuid IS NULL OR workspace_id = %(workspace_id)s);

-- name: get_tests
SELECT
    id, title, status, reason, message, started_at, ended_at, duration_ms, attempts, cases,
    timeout_seconds, sent_at, deliveries, losses, saved_test_id, test_version, expected_ms
FROM run_tests
WHERE run_id = %(run_id)s
ORDER BY position;

-- name: list_runs
SELECT runs.*, (
    SELECT coalesce(jsonb_object_agg(tally.status, tally.tests), '{}')
    FROM (SELECT status, count(*) AS tests FROM run_tests WHERE run_id = runs.id GROUP BY status) AS tally
) AS tally
FROM runs
WHERE workspace_id = %(workspace_id)s
    AND (%(statuses)s::run_status[] IS NULL OR status = ANY(%(statuses)s::run_status[]))
    AND (%(kind)s::run_kind IS NULL OR kind = %(kind)s::run_kind)
    AND (%(triggers)s::run_trigger[] IS NULL OR trigger = ANY(%(triggers)s::run_trigger[]))
    AND (%(job_id)s::uuid IS NULL OR job_id = %(job_id)s::uuid)
    AND (
        %(test_id)s::uuid IS NULL
        OR id = ANY(ARRAY(SELECT run_id FROM run_tests WHERE saved_test_id = %(test_id)s::uuid))
    )
    AND (%(search)s::text IS NULL OR strpos(lower(title), lower(%(search)s)) > 0)
    AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)
    AND (%(before)s::uuid IS NULL OR id < %(before)s::uuid)
ORDER BY id DESC
LIMIT %(limit)s;

-- name: orders
SELECT
    tests.workspace_id, run_id, tests.id AS test_id, tests.title, language, module, script, base_url,
    timeout_seconds, retries, variables_of(tests.workspace_id, runs.job_id, variables) AS variables,
    runs.kind, (extract(epoch FROM runs.deadline_at) * 1000)::bigint AS deadline
FROM run_tests AS tests JOIN runs ON runs.id = run_id
WHERE run_id = %(run_id)s AND tests.ended_at IS NULL
    AND (%(test_ids)s::uuid[] IS NULL OR tests.id = ANY(%(test_ids)s::uuid[]))
ORDER BY position;

-- name: forget_idempotency_keys
DELETE FROM idempotency_keys WHERE created_at < %(before)s;
