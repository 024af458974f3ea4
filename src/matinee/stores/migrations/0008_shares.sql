-- With one of these somebody without a key may read the report of one run, until it expires or is revoked.
CREATE TABLE shares (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    name text NOT NULL, -- whom it is for
    prefix text NOT NULL, -- what people recognise it by
    hash bytea NOT NULL UNIQUE, -- SHA-256, as of API keys
    created_by text NOT NULL, -- as the audit log names them
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    last_used_at timestamptz
);
CREATE INDEX shares_of_workspace ON shares (workspace_id);
CREATE INDEX shares_newest ON shares (run_id, id DESC);
SELECT wall_in('shares');

CREATE TRIGGER noted AFTER INSERT OR UPDATE ON shares -- they are deleted with their run only, and that is noted
    FOR EACH ROW EXECUTE FUNCTION note_change('share', 'name', 'id', 'last_used_at');
