-- name: of_tests
SELECT wanted.id AS of, past.run_id, past.status, past.duration_ms, past.ended_at
FROM unnest(%(ids)s::uuid[]) AS wanted (id) CROSS JOIN LATERAL (
    SELECT id, run_id, status, duration_ms, ended_at FROM run_tests
    WHERE saved_test_id = wanted.id AND ended_at IS NOT NULL
    ORDER BY ended_at DESC, id DESC
    LIMIT %(limit)s
) AS past
ORDER BY past.ended_at, past.id;

-- name: of_jobs
SELECT wanted.id AS of, past.id AS run_id, past.status, past.duration_ms, past.ended_at
FROM unnest(%(ids)s::uuid[]) AS wanted (id) CROSS JOIN LATERAL (
    SELECT id, status, duration_ms, ended_at FROM runs
    WHERE job_id = wanted.id AND ended_at IS NOT NULL
    ORDER BY ended_at DESC, id DESC
    LIMIT %(limit)s
) AS past
ORDER BY past.ended_at, past.id;
