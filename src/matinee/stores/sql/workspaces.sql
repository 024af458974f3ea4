-- name: get_workspace
SELECT * FROM workspaces WHERE id = %(id)s;

-- name: list_workspaces
SELECT * FROM workspaces ORDER BY name, id;

-- name: insert_workspace
INSERT INTO workspaces (id, name) VALUES (%(id)s, %(name)s) RETURNING *;

-- name: rename_workspace
UPDATE workspaces SET name = %(name)s WHERE id = %(id)s RETURNING *;
