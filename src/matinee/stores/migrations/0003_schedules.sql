CREATE TYPE overlap_policy AS ENUM ('skip', 'queue', 'replace');
CREATE TYPE missed_policy AS ENUM ('skip', 'run_once');
CREATE TYPE tick_outcome AS ENUM ('started', 'queued', 'replaced', 'skipped', 'missed');

-- When a job runs by itself: one schedule at most.
CREATE TABLE schedules (
    job_id uuid PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    cron text NOT NULL,
    timezone text NOT NULL,
    enabled boolean NOT NULL,
    overlap overlap_policy NOT NULL,
    missed missed_policy NOT NULL,
    starts_at timestamptz,
    ends_at timestamptz,
    anchor_at timestamptz NOT NULL, -- a rate counts from here
    accounted_until timestamptz NOT NULL -- every tick up to here has its row
);
CREATE INDEX schedules_of_workspace ON schedules (workspace_id);

ALTER TABLE runs
    ADD COLUMN scheduled_at timestamptz, -- the tick that started it
    ADD COLUMN in_line boolean NOT NULL DEFAULT false; -- not planned before all earlier runs of its schedule have ended
CREATE INDEX runs_of_schedule_unfinished ON runs (job_id, id) WHERE trigger = 'schedule' AND ended_at IS NULL;

-- What became of each time at which a job was to run.
CREATE TABLE ticks (
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    at timestamptz NOT NULL, -- when it was due
    outcome tick_outcome NOT NULL,
    reason text,
    message text,
    run_id uuid REFERENCES runs ON DELETE SET NULL, -- that it started
    other_run_id uuid REFERENCES runs ON DELETE SET NULL, -- that was in its way
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, at) -- however often a tick is delivered, it counts once
);
CREATE INDEX ticks_of_workspace ON ticks (workspace_id);
CREATE INDEX ticks_aging ON ticks (at);
CREATE INDEX ticks_of_run ON ticks (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX ticks_of_other_run ON ticks (other_run_id) WHERE other_run_id IS NOT NULL;

-- When sweep came last; and when it did not come for a while, so that nobody was there for a tick.
CREATE TABLE sweeps (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    at timestamptz NOT NULL
);
CREATE TABLE outages (
    began_at timestamptz PRIMARY KEY,
    ended_at timestamptz NOT NULL
);
