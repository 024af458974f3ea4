-- name: tally_runs
-- One row for each span of time, in their order: what ended in it.
SELECT tally.*
FROM unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[]) WITH ORDINALITY AS span (begin_at, end_at, place)
CROSS JOIN LATERAL (
    SELECT
        count(*) AS total,
        count(*) FILTER (WHERE status = 'passed') AS passed,
        count(*) FILTER (WHERE status = 'failed') AS failed,
        count(*) FILTER (WHERE status = 'error') AS error,
        count(*) FILTER (WHERE status = 'timed_out') AS timed_out,
        count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
        percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY duration_ms)
            FILTER (WHERE started_at IS NOT NULL) AS percentiles
    FROM runs
    WHERE workspace_id = %(workspace_id)s AND ended_at >= span.begin_at AND ended_at < span.end_at
) AS tally
ORDER BY place;

-- name: tally_tests
-- The same of the tests of all runs.
SELECT tally.*
FROM unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[]) WITH ORDINALITY AS span (begin_at, end_at, place)
CROSS JOIN LATERAL (
    SELECT
        count(*) AS total,
        count(*) FILTER (WHERE status = 'passed') AS passed,
        count(*) FILTER (WHERE status = 'failed') AS failed,
        count(*) FILTER (WHERE status = 'flaky') AS flaky,
        count(*) FILTER (WHERE status = 'error') AS error,
        count(*) FILTER (WHERE status = 'timed_out') AS timed_out,
        count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
        count(*) FILTER (WHERE status = 'skipped') AS skipped,
        percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY duration_ms)
            FILTER (WHERE started_at IS NOT NULL AND status NOT IN ('skipped', 'cancelled')) AS percentiles
    FROM run_tests
    WHERE workspace_id = %(workspace_id)s AND ended_at >= span.begin_at AND ended_at < span.end_at
) AS tally
ORDER BY place;

-- name: saved_tests
-- The saved tests that stand out, by why: the slowest, the flakiest, and those that fail most.
WITH figures AS MATERIALIZED (
    SELECT
        saved_test_id,
        count(*) AS runs,
        count(*) FILTER (WHERE status = 'passed') AS passed,
        count(*) FILTER (WHERE status = 'flaky') AS flaky,
        count(*) FILTER (WHERE status = 'failed') AS failed,
        count(*) FILTER (WHERE status = 'error') AS error,
        count(*) FILTER (WHERE status = 'timed_out') AS timed_out,
        count(*) FILTER (WHERE status IN ('failed', 'error', 'timed_out')) AS bad,
        percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY duration_ms)
            FILTER (WHERE started_at IS NOT NULL) AS percentiles
    FROM run_tests
    WHERE workspace_id = %(workspace_id)s AND ended_at >= %(since)s AND ended_at < %(until)s
        AND saved_test_id IS NOT NULL AND status NOT IN ('skipped', 'cancelled')
    GROUP BY saved_test_id
), ranked AS (
    (
        SELECT 'slowest' AS list, row_number() OVER slow AS place, figures.* FROM figures
        WHERE percentiles IS NOT NULL
        WINDOW slow AS (ORDER BY percentiles[2] DESC, runs DESC, saved_test_id)
        ORDER BY place LIMIT %(limit)s
    )
    UNION ALL (
        SELECT 'flakiest', row_number() OVER flaky, figures.* FROM figures
        WHERE flaky > 0
        WINDOW flaky AS (ORDER BY flaky::float8 / runs DESC, flaky DESC, saved_test_id)
        ORDER BY 2 LIMIT %(limit)s
    )
    UNION ALL (
        SELECT 'failing', row_number() OVER bad, figures.* FROM figures
        WHERE bad > 0
        WINDOW bad AS (ORDER BY bad::float8 / runs DESC, bad DESC, saved_test_id)
        ORDER BY 2 LIMIT %(limit)s
    )
)
SELECT
    list, saved_test_id, title, runs, passed, flaky, failed, error, timed_out, percentiles,
    latest.status AS last_status, latest.run_id AS last_run_id, latest.ended_at AS last_at
FROM ranked
JOIN tests ON tests.id = saved_test_id
JOIN test_versions ON test_id = tests.id AND test_versions.version = tests.version
CROSS JOIN LATERAL (
    SELECT status, run_id, ended_at FROM run_tests
    WHERE saved_test_id = ranked.saved_test_id AND ended_at < %(until)s AND status NOT IN ('skipped', 'cancelled')
    ORDER BY ended_at DESC, id DESC
    LIMIT 1
) AS latest
ORDER BY list, place;
