-- What people look at: which runs had a saved test, the runs of a span of time, the last results, figures by day.
CREATE INDEX run_tests_of_saved ON run_tests (saved_test_id, run_id) WHERE saved_test_id IS NOT NULL;
CREATE INDEX runs_created ON runs (workspace_id, created_at);
CREATE INDEX runs_ended ON runs (workspace_id, ended_at);
CREATE INDEX runs_past ON runs (job_id, ended_at DESC) WHERE job_id IS NOT NULL;

-- With all that figures are made of: the rows themselves are wide, for they have the scripts.
CREATE INDEX run_tests_ended ON run_tests (workspace_id, ended_at)
    INCLUDE (status, duration_ms, started_at, saved_test_id);
DROP INDEX run_tests_of_workspace; -- the same in fewer columns
