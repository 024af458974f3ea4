-- name: insert_test
INSERT INTO tests (id, workspace_id, path, description, tags)
VALUES (%(id)s, %(workspace_id)s, %(path)s, %(description)s, %(tags)s)
ON CONFLICT DO NOTHING;

-- name: insert_version
INSERT INTO test_versions (workspace_id, test_id, version, title, language, module, script)
SELECT workspace_id, id, version, %(title)s, %(language)s, %(module)s, %(script)s FROM tests WHERE id = %(id)s;

-- name: get_test
SELECT
    tests.id, tests.version, tests.path, tests.description, tests.tags, tests.created_at, tests.updated_at,
    title, language, module, script
FROM tests JOIN test_versions ON test_id = tests.id AND test_versions.version = tests.version
WHERE tests.id = %(id)s AND tests.workspace_id = %(workspace_id)s;

-- name: list_tests
SELECT
    tests.id, tests.version, tests.path, tests.description, tests.tags, tests.created_at, tests.updated_at,
    title, language, module
FROM tests JOIN test_versions ON test_id = tests.id AND test_versions.version = tests.version
WHERE tests.workspace_id = %(workspace_id)s
    AND (%(path)s::text IS NULL OR path = %(path)s)
    AND (%(tags)s::text[] IS NULL OR tags @> %(tags)s::text[])
    AND (
        %(search)s::text IS NULL
        OR strpos(lower(concat_ws(E'\n', title, description, path)), lower(%(search)s)) > 0
    )
    AND (
        %(last)s::text[] IS NULL
        OR coalesce(
            (
                SELECT status::text FROM run_tests
                WHERE saved_test_id = tests.id AND ended_at IS NOT NULL
                ORDER BY ended_at DESC, id DESC
                LIMIT 1
            ),
            'never'
        ) = ANY(%(last)s::text[])
    )
    AND (%(before)s::uuid IS NULL OR tests.id < %(before)s::uuid)
ORDER BY tests.id DESC
LIMIT %(limit)s;

-- name: list_tags
SELECT tag, count(*) AS tests
FROM tests CROSS JOIN LATERAL unnest(tags) AS tag
WHERE workspace_id = %(workspace_id)s
GROUP BY tag
ORDER BY tests DESC, tag;

-- name: lock_test
-- By itself: a join would be made again with the row of the old version when the lock was waited for.
SELECT version FROM tests WHERE id = %(id)s AND workspace_id = %(workspace_id)s FOR UPDATE;

-- name: update_test
UPDATE tests
SET path = %(path)s, description = %(description)s, tags = %(tags)s, version = version + 1, updated_at = now()
WHERE id = %(id)s;

-- name: list_versions
SELECT version, title, language, test_versions.created_at
FROM test_versions
WHERE test_id = %(id)s AND workspace_id = %(workspace_id)s
    AND (%(before)s::integer IS NULL OR version < %(before)s::integer)
ORDER BY version DESC
LIMIT %(limit)s;

-- name: get_version
SELECT version, title, language, script, created_at
FROM test_versions
WHERE test_id = %(id)s AND workspace_id = %(workspace_id)s AND version = %(version)s;

-- name: jobs_of_test
SELECT jobs.id, name FROM jobs JOIN job_tests ON job_id = jobs.id WHERE test_id = %(id)s ORDER BY jobs.id;

-- name: take_out_of_jobs
-- What a job consists of changes, so whoever edits the job must see that before they save it.
WITH changed AS (DELETE FROM job_tests WHERE test_id = %(id)s RETURNING job_id)
UPDATE jobs SET version = version + 1, updated_at = now() WHERE id IN (SELECT job_id FROM changed);

-- name: delete_test
DELETE FROM tests WHERE id = %(id)s;
