-- What scripts are given, of a whole workspace or of one job. A value that is no secret is there to be seen, too.
CREATE TABLE variables (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    job_id uuid REFERENCES jobs ON DELETE CASCADE, -- null: of the workspace
    name text NOT NULL,
    secret boolean NOT NULL,
    value text CHECK (secret = (value IS NULL)),
    sealed text NOT NULL, -- name and value, which only run_test can read (stores/vault.py)
    bytes integer NOT NULL, -- of both, as JSON
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text NOT NULL,
    UNIQUE NULLS NOT DISTINCT (workspace_id, job_id, name)
);
CREATE INDEX variables_of_job ON variables (job_id) WHERE job_id IS NOT NULL;
SELECT wall_in('variables');
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON variables
    FOR EACH ROW EXECUTE FUNCTION note_change('variable', 'name', 'id', 'value', 'bytes', 'updated_at', 'updated_by');

-- What came with a request lay in the clear; from now on it is sealed, as a list. Runs of before lose theirs.
UPDATE run_tests SET variables = '[]';

-- What goes with an order: the workspace's, then the job's in their place, then what came with the request.
CREATE FUNCTION variables_of(workspace uuid, job uuid, given jsonb) RETURNS jsonb STABLE LANGUAGE sql AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('secret', secret, 'text', sealed) ORDER BY name), '[]') || given
    FROM (
        SELECT DISTINCT ON (name) name, secret, sealed FROM variables
        WHERE workspace_id = workspace AND (job_id IS NULL OR job_id = job)
        ORDER BY name, job_id NULLS LAST
    ) AS theirs
$$;
