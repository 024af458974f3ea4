CREATE TYPE run_status AS ENUM ('queued', 'running', 'passed', 'failed', 'error', 'timed_out', 'cancelled');
CREATE TYPE test_status AS ENUM (
    'queued', 'running', 'passed', 'flaky', 'failed', 'skipped', 'error', 'timed_out', 'cancelled'
);
CREATE TYPE run_kind AS ENUM ('test', 'job');
CREATE TYPE run_trigger AS ENUM ('manual', 'schedule', 'api');

CREATE TABLE workspaces (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    name text NOT NULL,
    prefix text NOT NULL, -- what people recognise it by
    hash bytea NOT NULL UNIQUE, -- SHA-256: the key has 256 random bits, so nothing slower is needed
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);
CREATE INDEX api_keys_of_workspace ON api_keys (workspace_id);

-- Ids are UUIDv7: newest first is the order of the ids, backwards.
CREATE TABLE runs (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    kind run_kind NOT NULL,
    trigger run_trigger NOT NULL,
    title text NOT NULL,
    status run_status NOT NULL DEFAULT 'queued',
    reason text,
    message text,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    duration_ms bigint,
    cancel_requested_at timestamptz,
    report_at timestamptz, -- its report can be read
    end_said_at timestamptz, -- its events are complete; until then it is sweep's business
    CONSTRAINT ended_iff_terminal CHECK ((status IN ('queued', 'running')) = (ended_at IS NULL))
);
CREATE INDEX runs_newest ON runs (workspace_id, id DESC);
CREATE INDEX runs_newest_by_status ON runs (workspace_id, status, id DESC);
CREATE INDEX runs_unfinished ON runs (id) WHERE end_said_at IS NULL;

CREATE TABLE run_tests (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    position integer NOT NULL,
    title text NOT NULL,
    status test_status NOT NULL DEFAULT 'queued',
    reason text,
    message text,
    -- the order
    language text NOT NULL,
    module boolean NOT NULL,
    script text NOT NULL,
    base_url text,
    timeout_seconds integer NOT NULL,
    retries integer NOT NULL,
    variables jsonb NOT NULL,
    -- its way to a worker
    sent_at timestamptz,
    deliveries integer NOT NULL DEFAULT 0,
    losses integer NOT NULL DEFAULT 0, -- how often sweep found it begun, with nobody running it
    -- the outcome
    started_at timestamptz,
    ended_at timestamptz,
    duration_ms bigint,
    attempts integer NOT NULL DEFAULT 0,
    cases jsonb NOT NULL DEFAULT '[]',
    UNIQUE (run_id, position),
    CONSTRAINT ended_iff_terminal CHECK ((status IN ('queued', 'running')) = (ended_at IS NULL))
);
CREATE INDEX run_tests_of_workspace ON run_tests (workspace_id);

CREATE TABLE run_tickets (
    hash bytea PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX run_tickets_of_run ON run_tickets (run_id);
CREATE INDEX run_tickets_expiring ON run_tickets (expires_at);

CREATE TABLE idempotency_keys (
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    key text NOT NULL,
    fingerprint bytea NOT NULL, -- of the request: the same key with another request is a mistake
    -- Deferred: the key is taken first, so that of two requests at once the loser writes no run at all.
    run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key)
);
CREATE INDEX idempotency_keys_of_run ON idempotency_keys (run_id);
CREATE INDEX idempotency_keys_aging ON idempotency_keys (created_at);
