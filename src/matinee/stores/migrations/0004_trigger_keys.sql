-- With one of these somebody outside may run one job, and do nothing else.
CREATE TABLE trigger_keys (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    name text NOT NULL,
    prefix text NOT NULL, -- what people recognise it by
    hash bytea NOT NULL UNIQUE, -- SHA-256, as of API keys
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    last_used_at timestamptz,
    window_began_at timestamptz, -- since when uses are counted; null: never used
    window_used integer NOT NULL DEFAULT 0
);
CREATE INDEX trigger_keys_of_workspace ON trigger_keys (workspace_id);
CREATE INDEX trigger_keys_newest ON trigger_keys (job_id, id DESC);
