-- name: find_working_key
SELECT id FROM api_keys
WHERE hash = %(hash)s AND revoked_at IS NULL AND coalesce(expires_at > now(), true);

-- name: take_link
-- Of two who use it at once the second finds nothing.
DELETE FROM sign_in_links WHERE hash = %(hash)s AND expires_at > now() RETURNING key_id AS id;

-- name: insert_session
INSERT INTO sessions (hash, workspace_id, key_id, expires_at)
SELECT %(hash)s, workspace_id, id, least(expires_at, now() + %(lasts)s) FROM api_keys
WHERE id = %(key_id)s AND revoked_at IS NULL AND coalesce(expires_at > now(), true);

-- name: insert_session_of_member
INSERT INTO sessions (hash, workspace_id, member_id, expires_at)
SELECT %(hash)s, workspace_id, id, now() + %(lasts)s FROM members WHERE id = %(member_id)s;

-- name: find_session
-- The former token is good until the browser has come with the new one, for that answer may have been lost, and for a moment
-- more, for requests that were under way.
SELECT sessions.id, sessions.created_at, sessions.expires_at, sessions.workspace_id, workspaces.name AS workspace_name,
    requests_per_minute,
    sessions.key_id, api_keys.name AS key_name, api_keys.prefix AS key_prefix,
    sessions.member_id, members.email, members.name AS member_name,
    coalesce(api_keys.role, members.role) AS role,
    coalesce(coalesce(api_keys.last_used_at, members.last_used_at) < now() - interval '1 minute', true) AS stale,
    rotated_at < now() - %(rotates)s OR sessions.hash <> %(hash)s AND rotated_at < now() - %(overlap)s AS due,
    sessions.hash = %(hash)s AND NOT confirmed AS first
FROM sessions
JOIN workspaces ON workspaces.id = sessions.workspace_id
LEFT JOIN api_keys ON api_keys.id = sessions.key_id
LEFT JOIN members ON members.id = sessions.member_id
WHERE (
        sessions.hash = %(hash)s
        OR sessions.former_hash = %(hash)s AND (NOT confirmed OR rotated_at > now() - %(overlap)s)
    )
    AND sessions.expires_at > now()
    AND revoked_at IS NULL AND coalesce(api_keys.expires_at > now(), true);

-- name: note_sign_in
SELECT note(%(workspace_id)s, 'signed in', 'session', %(id)s::text, NULL, '{}');

-- name: touch_key
UPDATE api_keys SET last_used_at = now() WHERE id = %(key_id)s;

-- name: touch_member
UPDATE members SET last_used_at = now() WHERE id = %(member_id)s;

-- name: confirm_session
UPDATE sessions SET confirmed = true WHERE hash = %(hash)s;

-- name: rotate_session
-- Of two that would change it at once the second changes nothing.
UPDATE sessions SET hash = %(new_hash)s, former_hash = %(hash)s, rotated_at = now(), confirmed = false
WHERE id = %(id)s AND rotated_at < now() - %(overlap)s
RETURNING id;

-- name: end_session
DELETE FROM sessions WHERE hash = %(hash)s OR former_hash = %(hash)s;

-- name: end_stolen_session
-- A token that was changed long ago comes from somebody who copied it, or whose copy was used: both are signed out.
DELETE FROM sessions WHERE former_hash = %(hash)s AND confirmed AND rotated_at <= now() - %(overlap)s;

-- name: end_all_sessions
DELETE FROM sessions
WHERE workspace_id = %(workspace_id)s
    AND (key_id = %(key_id)s::uuid OR member_id = %(member_id)s::uuid);

-- name: insert_link
INSERT INTO sign_in_links (hash, workspace_id, key_id, expires_at)
SELECT %(hash)s, workspace_id, id, least(expires_at, now() + %(lasts)s) FROM api_keys
WHERE id = %(key_id)s AND revoked_at IS NULL AND coalesce(expires_at > now(), true)
RETURNING expires_at;

-- name: forget_sessions
DELETE FROM sessions WHERE expires_at < now();

-- name: forget_links
DELETE FROM sign_in_links WHERE expires_at < now();
