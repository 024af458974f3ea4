"""What happened, put into Postgres as it would stand there: nobody plays the worker."""

from datetime import datetime, timedelta
from typing import Any

from uuid_utils import uuid7

from matinee import bootstrap

SCRIPT = "import { test } from '@playwright/test';\ntest('a', async () => {});\n"

_RUN = """
INSERT INTO runs (id, workspace_id, kind, trigger, title, status, created_at, started_at, ended_at, duration_ms, job_id)
VALUES (
    %(run_id)s, %(workspace_id)s, %(kind)s, %(trigger)s, %(title)s, %(status)s, %(created_at)s, %(started_at)s,
    %(ended_at)s, %(ms)s, %(job_id)s
)
"""
_TEST = """
INSERT INTO run_tests (
    id, workspace_id, run_id, position, title, language, module, script, timeout_seconds, retries, variables,
    saved_test_id, status, started_at, ended_at, duration_ms, attempts
) VALUES (
    %(test_id)s, %(workspace_id)s, %(run_id)s, %(position)s, 'T', 'typescript', false, '', 60, 0, '[]',
    %(saved_test_id)s, %(status)s, %(started_at)s, %(ended_at)s, %(ms)s, 1
)
"""


def save(api: Any, title: str = "Home", **more: Any) -> str:
    """Save a test; give its id."""
    answer = api.post("/api/tests", json={"title": title, "script": SCRIPT, **more})
    assert 201 == answer.status_code, answer.text
    return str(answer.json()["id"])


def ended(
    workspace_id: str,
    at: datetime,
    *results: tuple[str, str | None] | str,
    ms: int | None = 1000,
    run: str | None = None,
    begun: bool = True,
    **more: Any,
) -> str:
    """Put a run that ended `at`, made a second before it began; give its id.

    `results`: the status of each of its tests, or that and the id of a saved test; the run's own is `run`, else the first one's.
    """
    found = [(each, None) if isinstance(each, str) else each for each in results or ("passed",)]
    status = run or {"flaky": "passed", "skipped": "error"}.get(found[0][0], found[0][0])
    began = at - timedelta(milliseconds=ms or 0)
    fields: dict[str, Any] = {
        "run_id": str(uuid7()),
        "workspace_id": workspace_id,
        "kind": "job" if "job_id" in more else "test",
        "trigger": "api",
        "title": "Playground",
        "status": status,
        "created_at": began - timedelta(seconds=1),
        "started_at": began if begun else None,
        "ended_at": None if status in {"queued", "running"} else at,
        "ms": ms,
        "job_id": None,
        **more,
    }
    with bootstrap.database().transaction() as connection:
        connection.execute(_RUN, fields)
        for position, (each, saved) in enumerate(found):
            over = None if each in {"queued", "running"} else at
            test = {"test_id": str(uuid7()), "position": position, "saved_test_id": saved}
            connection.execute(_TEST, {**fields, **test, "status": each, "ended_at": over})
    return str(fields["run_id"])
