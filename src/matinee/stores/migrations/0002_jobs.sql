-- Saved tests. What a save changes is a version; `tests` has what is the same for all of them, and the number of the newest.
CREATE TABLE tests (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    path text, -- the file it was pushed from, if it was: pushing that file again makes a version, not another test
    description text NOT NULL DEFAULT '',
    tags text[] NOT NULL DEFAULT '{}',
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (workspace_id, path)
);
CREATE INDEX tests_newest ON tests (workspace_id, id DESC);

CREATE TABLE test_versions (
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    test_id uuid NOT NULL REFERENCES tests ON DELETE CASCADE,
    version integer NOT NULL,
    title text NOT NULL,
    language text NOT NULL,
    module boolean NOT NULL,
    script text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (test_id, version)
);
CREATE INDEX test_versions_of_workspace ON test_versions (workspace_id);

CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    base_url text,
    parallelism integer NOT NULL,
    retries integer NOT NULL,
    timeout_seconds integer NOT NULL, -- of each test
    run_timeout_seconds integer, -- of a whole run; null: as long as its tests may take
    stop_after_failures integer, -- null: never
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (workspace_id, name)
);

CREATE TABLE job_tests (
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    position integer NOT NULL,
    test_id uuid NOT NULL REFERENCES tests, -- who deletes a test says what becomes of its jobs
    PRIMARY KEY (job_id, position),
    UNIQUE (job_id, test_id)
);
CREATE INDEX job_tests_of_workspace ON job_tests (workspace_id);
CREATE INDEX job_tests_of_test ON job_tests (test_id);

ALTER TABLE runs
    ADD COLUMN job_id uuid REFERENCES jobs, -- who deletes a job deletes its runs first, and leaves word in `purges`
    ADD COLUMN rerun_of uuid REFERENCES runs ON DELETE SET NULL,
    ADD COLUMN parallelism integer NOT NULL DEFAULT 1, -- so many of its tests may be on the queue or running
    ADD COLUMN stop_after_failures integer,
    ADD COLUMN deadline_at timestamptz,
    ADD COLUMN planned_at timestamptz; -- plan_job has begun to send its tests; null for a run of one script
CREATE INDEX runs_of_job ON runs (job_id, id DESC) WHERE job_id IS NOT NULL;
CREATE INDEX runs_rerun ON runs (rerun_of) WHERE rerun_of IS NOT NULL;
CREATE INDEX runs_aging ON runs (created_at);

ALTER TABLE run_tests
    ADD COLUMN saved_test_id uuid REFERENCES tests ON DELETE SET NULL,
    ADD COLUMN test_version integer,
    ADD COLUMN expected_ms bigint; -- how long it took lately; null: nobody knows
CREATE INDEX run_tests_past ON run_tests (saved_test_id, ended_at DESC) WHERE saved_test_id IS NOT NULL;
CREATE INDEX run_tests_unsent ON run_tests (run_id) WHERE sent_at IS NULL AND ended_at IS NULL;

-- Runs that were deleted, until the live table and S3 have forgotten them, too.
CREATE TABLE purges (
    run_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL, -- no reference: it may be gone
    open_tests uuid[] NOT NULL, -- on the queue or running when the run was deleted
    settled boolean NOT NULL, -- its events were complete, its report among them: nobody writes of it any more
    created_at timestamptz NOT NULL DEFAULT now()
);
