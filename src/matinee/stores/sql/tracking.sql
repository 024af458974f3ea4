-- name: lock_run
SELECT runs.*, (SELECT max_concurrent_tests FROM workspaces WHERE workspaces.id = workspace_id) AS most_in_workspace
FROM runs WHERE id = %(run_id)s FOR UPDATE OF runs;

-- name: summary
SELECT runs.*, (
    SELECT coalesce(jsonb_object_agg(tally.status, tally.tests), '{}')
    FROM (SELECT status, count(*) AS tests FROM run_tests WHERE run_id = runs.id GROUP BY status) AS tally
) AS tally
FROM runs
WHERE id = %(run_id)s;

-- name: get_test
SELECT
    id, title, status, reason, message, started_at, ended_at, duration_ms, attempts, cases,
    timeout_seconds, sent_at, deliveries, losses, saved_test_id, test_version, expected_ms
FROM run_tests
WHERE id = %(test_id)s AND run_id = %(run_id)s;

-- name: mark_planned
UPDATE runs SET planned_at = %(at)s
WHERE id = %(run_id)s AND workspace_id = %(workspace_id)s AND planned_at IS NULL AND ended_at IS NULL
    AND NOT (in_line AND EXISTS (
        SELECT FROM runs AS ahead
        WHERE ahead.job_id = runs.job_id AND ahead.trigger = 'schedule' AND ahead.ended_at IS NULL AND ahead.id < runs.id
    ));

-- name: next_in_line
SELECT id, workspace_id, in_line AND planned_at IS NULL AS waits FROM runs
WHERE job_id = %(job_id)s AND trigger = 'schedule' AND ended_at IS NULL
ORDER BY id
LIMIT 1;

-- name: expect
-- How long each test took lately: the mean of the last five times that it ran to an end of its own.
UPDATE run_tests AS tests
SET expected_ms = past.mean
FROM (
    SELECT planned.id, (
        SELECT avg(latest.duration_ms)
        FROM (
            SELECT duration_ms FROM run_tests
            WHERE saved_test_id = planned.saved_test_id
                AND ended_at IS NOT NULL AND status IN ('passed', 'flaky', 'failed', 'timed_out') AND attempts > 0
            ORDER BY ended_at DESC
            LIMIT 5
        ) AS latest
    ) AS mean
    FROM run_tests AS planned
    WHERE planned.run_id = %(run_id)s AND planned.saved_test_id IS NOT NULL
) AS past
WHERE tests.id = past.id AND past.mean IS NOT NULL;

-- name: load
SELECT
    count(*) FILTER (WHERE sent_at IS NULL AND ended_at IS NULL) AS unsent,
    count(*) FILTER (WHERE sent_at IS NOT NULL AND ended_at IS NULL) AS open,
    count(*) FILTER (WHERE status IN ('failed', 'error', 'timed_out')) AS failures
FROM run_tests
WHERE run_id = %(run_id)s;

-- name: take
WITH next AS (
    SELECT id, row_number() OVER (ORDER BY expected_ms DESC NULLS FIRST, position) AS turn
    FROM run_tests
    WHERE run_id = %(run_id)s AND sent_at IS NULL AND ended_at IS NULL
    ORDER BY turn
    LIMIT %(free)s
)
UPDATE run_tests AS tests
SET sent_at = %(at)s, deliveries = deliveries + 1
FROM next, runs
WHERE tests.id = next.id AND runs.id = tests.run_id
RETURNING
    turn, tests.workspace_id, run_id, tests.id AS test_id, tests.title, language, module, script, base_url,
    timeout_seconds, retries, variables_of(tests.workspace_id, runs.job_id, variables) AS variables,
    runs.kind, (extract(epoch FROM runs.deadline_at) * 1000)::bigint AS deadline;

-- name: mark_sent
UPDATE run_tests
SET sent_at = %(at)s, deliveries = deliveries + 1, losses = losses + %(lost)s::integer
WHERE id = %(test_id)s;

-- name: begin_test
UPDATE run_tests
SET status = 'running', started_at = %(at)s, attempts = greatest(attempts, 1)
WHERE id = %(test_id)s AND run_id = %(run_id)s AND status = 'queued';

-- name: begin_run
UPDATE runs SET status = 'running', started_at = %(at)s WHERE id = %(run_id)s AND status = 'queued';

-- name: end_test
UPDATE run_tests
SET status = %(status)s, reason = %(reason)s, message = %(message)s, started_at = %(started_at)s,
    ended_at = %(ended_at)s, duration_ms = %(duration_ms)s, attempts = %(attempts)s, cases = %(cases)s
WHERE id = %(test_id)s AND run_id = %(run_id)s AND ended_at IS NULL;

-- name: end_unsent
UPDATE run_tests
SET status = %(status)s, reason = %(reason)s, message = %(message)s, ended_at = %(at)s, duration_ms = 0
WHERE run_id = %(run_id)s AND sent_at IS NULL AND ended_at IS NULL;

-- name: culprit
SELECT reason, message FROM run_tests
WHERE run_id = %(run_id)s AND status::text = %(status)s
ORDER BY position
LIMIT 1;

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
WHERE id = %(run_id)s AND workspace_id = %(workspace_id)s AND ended_at IS NULL
RETURNING kind;

-- name: unfinished
SELECT runs.*, (
    SELECT coalesce(jsonb_object_agg(tally.status, tally.tests), '{}')
    FROM (SELECT status, count(*) AS tests FROM run_tests WHERE run_id = runs.id GROUP BY status) AS tally
) AS tally
FROM runs
WHERE end_said_at IS NULL AND (%(after)s::uuid IS NULL OR id > %(after)s::uuid)
ORDER BY id
LIMIT %(limit)s;

-- name: count_stuck
SELECT count(*) AS runs
FROM runs
WHERE end_said_at IS NULL AND coalesce(deadline_at, created_at) < now() - interval '1 hour';

-- name: open_tests
SELECT
    tests.id, tests.title, tests.status, tests.reason, tests.message, tests.started_at, tests.ended_at,
    tests.duration_ms, attempts, cases, timeout_seconds, sent_at, deliveries, losses, saved_test_id, test_version,
    expected_ms
FROM run_tests AS tests JOIN runs ON runs.id = run_id
WHERE run_id = %(run_id)s AND tests.ended_at IS NULL AND (runs.kind = 'test' OR sent_at IS NOT NULL)
ORDER BY position;
