-- name: take_key
-- The row that has the key, whether it is ours or was there. Waits for another transaction that is taking it.
INSERT INTO idempotency_keys (workspace_id, key, fingerprint, run_id)
VALUES (%(workspace_id)s, %(idempotency_key)s, %(fingerprint)s, %(id)s)
ON CONFLICT (workspace_id, key) DO UPDATE SET key = excluded.key
RETURNING run_id, fingerprint;

-- name: insert_run
INSERT INTO runs (
    id, workspace_id, kind, trigger, title, created_at,
    job_id, rerun_of, parallelism, stop_after_failures, deadline_at
) VALUES (
    %(id)s, %(workspace_id)s, %(kind)s, %(trigger)s, %(title)s, %(created_at)s,
    %(job_id)s, %(rerun_of)s, %(parallelism)s, %(stop_after_failures)s, %(deadline_at)s
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
    AND (%(trigger)s::run_trigger IS NULL OR trigger = %(trigger)s::run_trigger)
    AND (%(job_id)s::uuid IS NULL OR job_id = %(job_id)s::uuid)
    AND (%(before)s::uuid IS NULL OR id < %(before)s::uuid)
ORDER BY id DESC
LIMIT %(limit)s;

-- name: begin_test
UPDATE run_tests
SET status = 'running', started_at = %(at)s, attempts = greatest(attempts, 1)
WHERE id = %(test_id)s AND run_id = %(run_id)s AND status = 'queued';

-- name: begin_run
UPDATE runs SET status = 'running', started_at = %(at)s WHERE id = %(run_id)s AND status = 'queued';

-- name: lock_run
SELECT id FROM runs WHERE id = %(run_id)s FOR UPDATE;

-- name: end_test
UPDATE run_tests
SET status = %(status)s, reason = %(reason)s, message = %(message)s, started_at = %(started_at)s,
    ended_at = %(ended_at)s, duration_ms = %(duration_ms)s, attempts = %(attempts)s, cases = %(cases)s
WHERE id = %(test_id)s AND run_id = %(run_id)s AND ended_at IS NULL;

-- name: end_run
UPDATE runs
SET status = %(status)s, reason = %(reason)s, message = %(message)s,
    started_at = span.started_at, ended_at = span.ended_at,
    duration_ms = coalesce(extract(epoch FROM span.ended_at - span.started_at) * 1000, 0)
FROM (
    SELECT min(started_at) AS started_at, max(ended_at) AS ended_at FROM run_tests WHERE run_id = %(run_id)s
) AS span
WHERE id = %(run_id)s;

-- name: mark_report
UPDATE runs SET report_at = coalesce(report_at, %(at)s) WHERE id = %(run_id)s;

-- name: mark_end_said
UPDATE runs SET end_said_at = coalesce(end_said_at, %(at)s) WHERE id = %(run_id)s;

-- name: mark_cancel
UPDATE runs SET cancel_requested_at = coalesce(cancel_requested_at, %(at)s)
WHERE id = %(run_id)s AND workspace_id = %(workspace_id)s AND ended_at IS NULL;

-- name: mark_sent
UPDATE run_tests
SET sent_at = %(at)s, deliveries = deliveries + 1, losses = losses + %(lost)s::integer
WHERE id = %(test_id)s;

-- name: orders
SELECT
    tests.workspace_id, run_id, tests.id AS test_id, tests.title, language, module, script, base_url,
    timeout_seconds, retries, variables,
    runs.kind, (extract(epoch FROM runs.deadline_at) * 1000)::bigint AS deadline
FROM run_tests AS tests JOIN runs ON runs.id = run_id
WHERE run_id = %(run_id)s AND tests.ended_at IS NULL
ORDER BY position;

-- name: unfinished
SELECT id FROM runs
WHERE end_said_at IS NULL AND (%(after)s::uuid IS NULL OR id > %(after)s::uuid)
ORDER BY id
LIMIT %(limit)s;

-- name: forget_idempotency_keys
DELETE FROM idempotency_keys WHERE created_at < %(before)s;
