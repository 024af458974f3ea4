-- name: list_members
SELECT * FROM members WHERE workspace_id = %(workspace_id)s ORDER BY id DESC;

-- name: count_members
SELECT count(*) AS members FROM members WHERE workspace_id = %(workspace_id)s;

-- name: insert_member
INSERT INTO members (id, workspace_id, email, role) VALUES (%(id)s, %(workspace_id)s, %(email)s, %(role)s)
ON CONFLICT DO NOTHING
RETURNING *;

-- name: change_role
UPDATE members SET role = %(role)s WHERE id = %(id)s AND workspace_id = %(workspace_id)s RETURNING *;

-- name: delete_member
DELETE FROM members WHERE id = %(id)s AND workspace_id = %(workspace_id)s;

-- name: meet
-- Somebody whom the issuer has named: known by their subject, or for the first time by their address.
UPDATE members SET subject = %(subject)s, name = %(name)s
WHERE subject = %(subject)s OR subject IS NULL AND email = %(verified_email)s;

-- name: of_subject
SELECT members.id, workspace_id, workspaces.name AS workspace_name
FROM members JOIN workspaces ON workspaces.id = workspace_id
WHERE subject = %(subject)s
ORDER BY last_used_at DESC NULLS LAST, members.id;

-- name: of_member
SELECT other.id, other.workspace_id, workspaces.name AS workspace_name
FROM members JOIN members AS other ON other.subject = members.subject JOIN workspaces ON workspaces.id = other.workspace_id
WHERE members.id = %(id)s
ORDER BY workspaces.name, other.id;
