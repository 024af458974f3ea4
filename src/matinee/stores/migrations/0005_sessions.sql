-- What a browser comes in with: as good as the API key that it was made with, for as long as that is good.
CREATE TABLE sessions (
    hash bytea PRIMARY KEY, -- SHA-256, as of API keys
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    key_id uuid NOT NULL REFERENCES api_keys ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_of_workspace ON sessions (workspace_id);
CREATE INDEX sessions_of_key ON sessions (key_id);
CREATE INDEX sessions_expiring ON sessions (expires_at);

-- A way to a session of the key. It is deleted when it is used.
CREATE TABLE sign_in_links (
    hash bytea PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    key_id uuid NOT NULL REFERENCES api_keys ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_links_of_workspace ON sign_in_links (workspace_id);
CREATE INDEX sign_in_links_of_key ON sign_in_links (key_id);
CREATE INDEX sign_in_links_expiring ON sign_in_links (expires_at);
