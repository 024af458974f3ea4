-- Who may do what. Those who come with a key that was made before are owners, as they were.
CREATE TYPE member_role AS ENUM ('viewer', 'editor', 'owner');

ALTER TABLE api_keys ADD COLUMN role member_role NOT NULL DEFAULT 'owner';
ALTER TABLE api_keys ALTER COLUMN role DROP DEFAULT;

-- People who sign in by the installation's OpenID Connect issuer.
CREATE TABLE members (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    email text NOT NULL CHECK (email = lower(email)),
    role member_role NOT NULL,
    name text, -- as the issuer calls them
    subject text, -- the issuer's id of them, once they have signed in: an address may become somebody else's
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    UNIQUE (workspace_id, email)
);
CREATE INDEX members_by_email ON members (email);
CREATE INDEX members_by_subject ON members (subject) WHERE subject IS NOT NULL;

-- A session is a key's, or a member's. Its token is changed now and then; the former one is good until the new one has come, and for
-- a moment more.
ALTER TABLE sessions
    ALTER COLUMN key_id DROP NOT NULL,
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN member_id uuid REFERENCES members ON DELETE CASCADE,
    ADD COLUMN rotated_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN former_hash bytea,
    ADD COLUMN confirmed boolean NOT NULL DEFAULT true, -- the browser has come with the token that is its newest
    ADD CONSTRAINT of_key_or_member CHECK (num_nonnulls(key_id, member_id) = 1);
CREATE UNIQUE INDEX sessions_by_id ON sessions (id);
CREATE INDEX sessions_of_member ON sessions (member_id);
CREATE INDEX sessions_former ON sessions (former_hash) WHERE former_hash IS NOT NULL;

-- A ticket is good as long as what it was made with.
ALTER TABLE run_tickets
    ADD COLUMN key_id uuid REFERENCES api_keys ON DELETE CASCADE,
    ADD COLUMN member_id uuid REFERENCES members ON DELETE CASCADE;
CREATE INDEX run_tickets_of_key ON run_tickets (key_id) WHERE key_id IS NOT NULL;
CREATE INDEX run_tickets_of_member ON run_tickets (member_id) WHERE member_id IS NOT NULL;

-- The second wall: who works for a workspace takes this role, for which nothing of another one exists, whatever a query
-- asks for. Whoever connects takes it with each transaction (Database.within), and is the tables' owner otherwise.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'matinee_tenant') THEN
        CREATE ROLE matinee_tenant NOLOGIN;
    END IF;
    BEGIN
        SET LOCAL ROLE matinee_tenant;
        RESET ROLE;
    EXCEPTION WHEN insufficient_privilege THEN
        EXECUTE format('GRANT matinee_tenant TO %I', current_user);
    END;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO matinee_tenant', current_schema());
END
$$;

CREATE FUNCTION own_workspace() RETURNS uuid STABLE LANGUAGE sql
    AS $$ SELECT nullif(current_setting('matinee.workspace', true), '')::uuid $$;

-- Puts a table behind the wall. Each table that people's work is kept in has a workspace_id, and comes by here.
CREATE FUNCTION wall_in(behind regclass, key name DEFAULT 'workspace_id', rights text DEFAULT 'SELECT, INSERT, UPDATE, DELETE')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', behind);
    EXECUTE format('CREATE POLICY own ON %s TO matinee_tenant USING (%I = own_workspace())', behind, key);
    EXECUTE format('GRANT %s ON %s TO matinee_tenant', rights, behind);
END
$$;

SELECT wall_in('workspaces', 'id', 'SELECT, UPDATE');
SELECT wall_in(name::regclass) FROM unnest(ARRAY[
    'api_keys', 'idempotency_keys', 'job_tests', 'jobs', 'members', 'purges', 'run_tests', 'run_tickets', 'runs', 'schedules',
    'sessions', 'sign_in_links', 'test_versions', 'tests', 'ticks', 'trigger_keys'
]) AS name;

GRANT SELECT ON outages TO matinee_tenant; -- when nobody was there, for a tick: of all alike

-- What people changed. Written by triggers alone, with what they change, so nothing can be changed without it.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT now(),
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    actor_name text NOT NULL,
    action text NOT NULL, -- made, changed, revoked, cancelled, deleted
    target_kind text NOT NULL,
    target_id text NOT NULL,
    target_name text,
    details jsonb NOT NULL -- which fields changed, never what they had; the role, where that is what it is about
);
CREATE INDEX audit_newest ON audit (workspace_id, id DESC);
CREATE INDEX audit_aging ON audit (at);
SELECT wall_in('audit', rights => 'SELECT');

CREATE FUNCTION note(workspace uuid, action text, kind text, id text, name text, details jsonb)
RETURNS void SECURITY DEFINER SET search_path FROM CURRENT LANGUAGE sql AS $$
    INSERT INTO audit (workspace_id, actor_kind, actor_id, actor_name, action, target_kind, target_id, target_name, details)
    SELECT workspace, actor->>'kind', actor->>'id', actor->>'name', action, kind, id, name, details
    FROM (SELECT nullif(current_setting('matinee.actor', true), '')::jsonb AS actor) AS who
    WHERE actor IS NOT NULL
$$;

-- Notes a change to a row. Its arguments: what it is, its name's column, its id's, and columns that nobody changed by hand.
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(old) END;
    now_is jsonb := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(new) END;
    whole jsonb := was || now_is;
    differing text[] := ARRAY(
        SELECT key FROM jsonb_each(now_is) WHERE value IS DISTINCT FROM was->key AND key <> ALL (TG_ARGV[3:]) ORDER BY key
    );
    details jsonb := jsonb_strip_nulls(jsonb_build_object('role', whole->'role'));
BEGIN
    IF TG_OP = 'UPDATE' AND differing = '{}' THEN
        RETURN NULL;
    END IF;
    PERFORM note(
        coalesce(whole->>'workspace_id', whole->>'id')::uuid, -- a workspace is its own
        CASE
            WHEN TG_OP = 'INSERT' THEN 'made'
            WHEN TG_OP = 'DELETE' THEN 'deleted'
            WHEN 'revoked_at' = ANY (differing) THEN 'revoked'
            WHEN 'cancel_requested_at' = ANY (differing) THEN 'cancelled'
            ELSE 'changed'
        END,
        TG_ARGV[0],
        whole->>TG_ARGV[2],
        whole->>TG_ARGV[1],
        CASE WHEN TG_OP = 'UPDATE' THEN details || jsonb_build_object('changed', differing) ELSE details END
    );
    RETURN NULL;
END
$$;

CREATE TRIGGER noted AFTER UPDATE ON workspaces
    FOR EACH ROW EXECUTE FUNCTION note_change('workspace', 'name', 'id');
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON api_keys
    FOR EACH ROW EXECUTE FUNCTION note_change('key', 'name', 'id', 'last_used_at');
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON members
    FOR EACH ROW EXECUTE FUNCTION note_change('member', 'email', 'id', 'last_used_at', 'subject', 'name');
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON trigger_keys
    FOR EACH ROW EXECUTE FUNCTION note_change('trigger key', 'name', 'id', 'last_used_at', 'window_began_at', 'window_used');
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON jobs
    FOR EACH ROW EXECUTE FUNCTION note_change('job', 'name', 'id', 'updated_at');
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON schedules
    FOR EACH ROW EXECUTE FUNCTION note_change('schedule', 'cron', 'job_id', 'anchor_at', 'accounted_until');
CREATE TRIGGER noted AFTER UPDATE OF cancel_requested_at OR DELETE ON runs
    FOR EACH ROW EXECUTE FUNCTION note_change('run', 'title', 'id');

-- Of a saved test each version is a change; its title is there, and its script need not be looked at.
CREATE FUNCTION note_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note(
        new.workspace_id, CASE new.version WHEN 1 THEN 'made' ELSE 'changed' END, 'test', new.test_id::text, new.title,
        jsonb_build_object('version', new.version)
    );
    RETURN NULL;
END
$$;
CREATE FUNCTION note_test_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note(old.workspace_id, 'deleted', 'test', old.id::text, title, '{}')
    FROM test_versions WHERE test_id = old.id AND version = old.version;
    RETURN old;
END
$$;
CREATE TRIGGER noted AFTER INSERT ON test_versions FOR EACH ROW EXECUTE FUNCTION note_version();
CREATE TRIGGER noted BEFORE DELETE ON tests FOR EACH ROW EXECUTE FUNCTION note_test_end();
