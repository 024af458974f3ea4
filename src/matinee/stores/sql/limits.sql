-- name: get_limits
SELECT max_concurrent_tests, max_queued_tests, run_minutes_per_month, requests_per_minute
FROM workspaces WHERE id = %(workspace_id)s;

-- name: hold_limits
-- So that of two runs that are made at once the second counts the first one's tests.
SELECT max_concurrent_tests, max_queued_tests, run_minutes_per_month, requests_per_minute
FROM workspaces WHERE id = %(workspace_id)s AND num_nonnulls(max_queued_tests, run_minutes_per_month) > 0
FOR NO KEY UPDATE;

-- name: put_limits
UPDATE workspaces
SET max_concurrent_tests = %(max_concurrent_tests)s, max_queued_tests = %(max_queued_tests)s,
    run_minutes_per_month = %(run_minutes_per_month)s, requests_per_minute = %(requests_per_minute)s
WHERE id = %(workspace_id)s;

-- name: get_usage
SELECT
    count(*) FILTER (WHERE status = 'running') AS running,
    count(*) FILTER (WHERE status = 'queued') AS queued,
    coalesce((
        SELECT test_ms FROM usage_months WHERE workspace_id = %(workspace_id)s AND month = %(month)s
    ), 0) AS month_ms
FROM run_tests
WHERE workspace_id = %(workspace_id)s AND ended_at IS NULL;

-- name: add_usage
INSERT INTO usage_months (workspace_id, month, test_ms) VALUES (%(workspace_id)s, %(month)s, %(ms)s)
ON CONFLICT (workspace_id, month) DO UPDATE SET test_ms = usage_months.test_ms + excluded.test_ms;

-- name: ahead
-- So many tests were asked for before this run's, and nobody has begun them.
SELECT count(*) AS tests FROM run_tests
WHERE workspace_id = %(workspace_id)s AND ended_at IS NULL AND status = 'queued' AND run_id < %(run_id)s;

-- name: hold_workspace
SELECT id FROM workspaces WHERE id = %(workspace_id)s FOR NO KEY UPDATE;

-- name: with_workers
SELECT count(*) AS tests FROM run_tests
WHERE workspace_id = %(workspace_id)s AND ended_at IS NULL AND sent_at IS NOT NULL;

-- name: waiting
-- The runs whose turn it is: the oldest first, those that have a test to send, and want more at once than are sent.
SELECT id FROM runs
WHERE workspace_id = %(workspace_id)s AND ended_at IS NULL AND planned_at IS NOT NULL AND cancel_requested_at IS NULL
    AND EXISTS (SELECT FROM run_tests WHERE run_id = runs.id AND sent_at IS NULL AND ended_at IS NULL)
    AND (
        SELECT count(*) FROM run_tests WHERE run_id = runs.id AND sent_at IS NOT NULL AND ended_at IS NULL
    ) < parallelism
ORDER BY id
LIMIT %(most)s;

-- name: count_request
-- Of many at once each waits for the row, and counts after the others.
INSERT INTO requests (workspace_id, bearer, minute, made)
VALUES (%(workspace_id)s, %(bearer)s, date_trunc('minute', now()), 1)
ON CONFLICT (bearer) DO UPDATE
SET made = CASE WHEN requests.minute = excluded.minute THEN requests.made + 1 ELSE 1 END, minute = excluded.minute
RETURNING made, ceil(extract(epoch FROM minute + interval '1 minute' - now()))::integer AS seconds_left;

-- name: forget_requests
DELETE FROM requests WHERE minute < now() - interval '1 hour';
