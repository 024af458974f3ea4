-- How much a workspace may use; null: as much as there is.
ALTER TABLE workspaces
    ADD COLUMN max_concurrent_tests integer CHECK (max_concurrent_tests > 0), -- with the workers at once
    ADD COLUMN max_queued_tests integer CHECK (max_queued_tests >= 0), -- that nobody has begun
    ADD COLUMN run_minutes_per_month integer CHECK (run_minutes_per_month >= 0),
    ADD COLUMN requests_per_minute integer CHECK (requests_per_minute > 0); -- of each key and member; null: as the installation has it

-- All that is under way, of any workspace, is little beside what has ended.
CREATE INDEX run_tests_open ON run_tests (workspace_id) WHERE ended_at IS NULL;

-- For how long tests ran in each month, those among them whose runs were deleted.
CREATE TABLE usage_months (
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    month date NOT NULL, -- its first day, in UTC
    test_ms bigint NOT NULL,
    PRIMARY KEY (workspace_id, month)
);
SELECT wall_in('usage_months', rights => 'SELECT');

-- How often each key or member has asked in the last minute in which they did. Unlogged: after a crash all begin at none.
CREATE UNLOGGED TABLE requests (
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    bearer uuid PRIMARY KEY,
    minute timestamptz NOT NULL,
    made integer NOT NULL
);
CREATE INDEX requests_of_workspace ON requests (workspace_id);
SELECT wall_in('requests', rights => 'SELECT');
