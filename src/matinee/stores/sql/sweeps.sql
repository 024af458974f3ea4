-- name: last_sweep
SELECT at FROM sweeps;

-- name: note_sweep
INSERT INTO sweeps AS known (at) VALUES (%(at)s)
ON CONFLICT (single) DO UPDATE SET at = greatest(known.at, excluded.at);

-- name: note_outage
-- One that goes on goes on in its row.
INSERT INTO outages AS known (began_at, ended_at) VALUES (%(began_at)s, %(ended_at)s)
ON CONFLICT (began_at) DO UPDATE SET ended_at = greatest(known.ended_at, excluded.ended_at);

-- name: forget_outages
DELETE FROM outages WHERE ended_at < %(before)s;
