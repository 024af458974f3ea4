-- name: size_of_tests
SELECT coalesce(sum(octet_length(script)), 0) AS bytes
FROM tests JOIN test_versions ON test_id = tests.id AND test_versions.version = tests.version
WHERE tests.id = ANY(%(tests)s::uuid[]) AND tests.workspace_id = %(workspace_id)s;

-- name: of_tests
SELECT tests.id AS saved_test_id, tests.version AS test_version, title, language, module, script
FROM tests JOIN test_versions ON test_id = tests.id AND test_versions.version = tests.version
WHERE tests.id = ANY(%(tests)s::uuid[]) AND tests.workspace_id = %(workspace_id)s;

-- name: of_run
SELECT
    title, language, module, script, base_url, timeout_seconds, retries, variables, saved_test_id, test_version
FROM run_tests
WHERE run_id = %(run_id)s AND workspace_id = %(workspace_id)s AND id = ANY(%(tests)s::uuid[])
ORDER BY position;
