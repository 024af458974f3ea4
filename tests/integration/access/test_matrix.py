"""Who may do what: every route of the contract, by everybody who could come."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import Any, NamedTuple

import pytest

from local.http import create_app
from local.template import ROOT
from matinee import bootstrap
from matinee.model.access import Role
from matinee.model.run import TestStatus
from matinee.stores.artifacts import report_prefix

SCRIPT = "import { test } from '@playwright/test';\ntest('a', async () => {});\n"
SAVED = {"title": "A", "script": SCRIPT}
#: Who comes, in this order; the last is an owner too, but of another workspace.
VISITORS = ("nobody", "revoked", "expired", "viewer", "editor", "owner", "stranger")
OUT = (401, 401, 401)


def of_viewers(status: int, stranger: int) -> tuple[int, ...]:
    """Answer to all who may come in."""
    return (*OUT, status, status, status, stranger)


def of_editors(status: int, stranger: int) -> tuple[int, ...]:
    return (*OUT, 403, status, status, stranger)


def of_owners(status: int, stranger: int) -> tuple[int, ...]:
    return (*OUT, 403, 403, status, stranger)


def of_anyone(status: int) -> tuple[int, ...]:
    return (status,) * len(VISITORS)


class Row(NamedTuple):
    """What a route answers to each of the visitors, asked with this body."""

    answers: tuple[int, ...]
    body: Any = None


TABLE = {
    "GET /api/audit": Row(of_owners(200, 200)),
    "GET /api/health": Row(of_anyone(200)),
    "GET /api/job-status/sse/{run_id}": Row(of_viewers(200, 404)),
    "GET /api/jobs": Row(of_viewers(200, 200)),
    "POST /api/jobs": Row(of_editors(201, 422), {"name": "made", "tests": ["{test_id}"]}),
    "POST /api/jobs/run": Row(of_editors(202, 422), {"jobId": "{job_id}"}),
    "DELETE /api/jobs/{job_id}": Row(of_editors(204, 404)),
    "GET /api/jobs/{job_id}": Row(of_viewers(200, 404)),
    "PUT /api/jobs/{job_id}": Row(of_editors(200, 404), {"name": "put {job_id}", "tests": ["{test_id}"]}),
    "GET /api/jobs/{job_id}/schedule": Row(of_viewers(200, 404)),
    "POST /api/jobs/{job_id}/trigger": Row(of_anyone(401), {}),
    "GET /api/jobs/{job_id}/trigger-keys": Row(of_viewers(200, 404)),
    "POST /api/jobs/{job_id}/trigger-keys": Row(of_editors(201, 404), {"name": "CI"}),
    "DELETE /api/jobs/{job_id}/trigger-keys/{key_id}": Row(of_editors(204, 404)),
    "GET /api/keys": Row(of_owners(200, 200)),
    "POST /api/keys": Row(of_owners(201, 201), {"name": "CI"}),
    "DELETE /api/keys/{key_id}": Row(of_owners(204, 404)),
    "GET /api/members": Row(of_owners(200, 200)),
    "POST /api/members": Row(of_owners(201, 201), {"email": "grace@example.com"}),
    "DELETE /api/members/{member_id}": Row(of_owners(204, 404)),
    "PUT /api/members/{member_id}": Row(of_owners(200, 404), {"role": "viewer"}),
    "GET /api/runs": Row(of_viewers(200, 200)),
    "DELETE /api/runs/{run_id}": Row(of_editors(204, 404)),
    "GET /api/runs/{run_id}": Row(of_viewers(200, 404)),
    "POST /api/runs/{run_id}/cancel": Row(of_editors(200, 404)),
    "GET /api/runs/{run_id}/console": Row(of_viewers(200, 404)),
    "POST /api/runs/{run_id}/rerun": Row(of_editors(202, 404), {"only": "all"}),
    "GET /api/runs/{run_id}/shares": Row(of_viewers(200, 404)),
    "POST /api/runs/{run_id}/shares": Row(of_editors(201, 404), {"name": "Designers"}),
    "DELETE /api/runs/{run_id}/shares/{share_id}": Row(of_editors(204, 404)),
    "POST /api/runs/{run_id}/tickets": Row(of_viewers(201, 404)),
    "POST /api/schedules/preview": Row(of_viewers(200, 200), {"cron": "0 9 * * *"}),
    # A session is a cookie; a key beside it opens and closes none.
    "DELETE /api/session": Row(of_anyone(204)),
    "GET /api/session": Row(of_anyone(401)),
    "POST /api/session": Row(of_anyone(401), {"key": "mt_wrong"}),
    "PUT /api/session": Row(of_anyone(401), {"workspaceId": "00000000-0000-7000-8000-000000000001"}),
    "POST /api/session/links": Row(of_viewers(201, 201)),
    "GET /api/session/sign-on": Row(of_anyone(404)),
    "GET /api/session/sign-on/callback": Row(of_anyone(404)),
    "GET /api/session/ways": Row(of_anyone(200)),
    "GET /api/statistics": Row(of_viewers(200, 200)),
    "GET /api/tags": Row(of_viewers(200, 200)),
    "POST /api/test": Row(of_editors(202, 202), {"script": SCRIPT}),
    "GET /api/test-results/jobs/{run_id}/report/{path}": Row(of_viewers(200, 404)),
    "GET /api/test-results/tests/{run_id}/report/{path}": Row(of_viewers(200, 404)),
    "GET /api/test-status/sse/{run_id}": Row(of_viewers(200, 404)),
    "GET /api/tests": Row(of_viewers(200, 200)),
    "POST /api/tests": Row(of_editors(201, 201), SAVED),
    "DELETE /api/tests/{test_id}": Row(of_editors(204, 404)),
    "GET /api/tests/{test_id}": Row(of_viewers(200, 404)),
    "PUT /api/tests/{test_id}": Row(of_editors(200, 404), SAVED),
    "POST /api/tests/{test_id}/run": Row(of_editors(202, 404), {}),
    "GET /api/tests/{test_id}/versions": Row(of_viewers(200, 404)),
    "GET /api/tests/{test_id}/versions/{version}": Row(of_viewers(200, 404)),
    "GET /api/usage": Row(of_viewers(200, 200)),
    "GET /api/variables": Row(of_viewers(200, 200)),
    "DELETE /api/variables/{name}": Row(of_editors(204, 404)),
    "PUT /api/variables/{name}": Row(of_editors(200, 200), {"value": "correct horse", "secret": True}),
    "GET /api/jobs/{job_id}/variables": Row(of_viewers(200, 404)),
    "DELETE /api/jobs/{job_id}/variables/{name}": Row(of_editors(204, 404)),
    "PUT /api/jobs/{job_id}/variables/{name}": Row(of_editors(200, 404), {"value": "correct horse", "secret": True}),
    "GET /api/workspace": Row(of_viewers(200, 200)),
    "PUT /api/workspace": Row(of_owners(200, 200), {"name": "Ours"}),
    "GET /api/workspaces": Row(of_viewers(200, 200)),
    "POST /api/workspaces": Row(of_owners(201, 403), {"name": "Theirs"}),
    "PUT /api/workspaces/{workspace_id}/limits": Row(of_owners(200, 403), {"maxConcurrentTests": 100}),
}
QUERIES = {"GET /api/session/sign-on": "?origin=http://127.0.0.1:8400"}


@pytest.fixture
def visitors(road: Any, new_workspace: Callable[[], str]) -> dict[str, str]:
    """Each visitor's key, where they have one."""
    keys = bootstrap.keys()
    made = {role.value: keys.create(road.workspace_id, role.value, role=role) for role in Role}
    past = datetime.now(UTC) - timedelta(seconds=1)
    made["expired"] = keys.create(road.workspace_id, "expired", expires_at=past)
    made["revoked"] = keys.create(road.workspace_id, "revoked")
    with bootstrap.database().transaction() as connection:
        connection.execute("UPDATE api_keys SET revoked_at = now() WHERE name = 'revoked'")
    made["stranger"] = keys.create(new_workspace(), "stranger")
    return made


class Stage:
    """Makes what a path names, anew for each request: the last one may have deleted it."""

    def __init__(self, road: Any, api: Any) -> None:
        self._road, self._api = road, api
        self._made = 0

    def fill(self, method: str, path: str) -> dict[str, str]:
        """Give what stands for the names in a path. One run is enough for all that do not delete it."""
        self._made += 1
        known: dict[str, Any] = {"version": 1, "path": "index.html", "workspace_id": self._road.workspace_id}
        if "{run_id}" in path:
            known["run_id"] = self._run() if path.endswith("{run_id}") and method == "DELETE" else self._run_to_read
        if "{share_id}" in path:
            known["share_id"] = self._post(f"/api/runs/{known['run_id']}/shares", {"name": "Designers"})
        if "{test_id}" in path or path in {"/api/jobs", "/api/jobs/{job_id}"}:
            known["test_id"] = self._post("/api/tests", SAVED)
        if "{job_id}" in path or path == "/api/jobs/run":
            job = {
                "name": f"job {self._made}",
                "tests": [self._post("/api/tests", SAVED)],
                "schedule": {"cron": "0 9 * * *"},
            }
            known["job_id"] = self._post("/api/jobs", job)
        if "/trigger-keys/{key_id}" in path:
            known["key_id"] = self._post(f"/api/jobs/{known['job_id']}/trigger-keys", {"name": "CI"})
        elif "{key_id}" in path:
            known["key_id"] = self._post("/api/keys", {"name": "CI"})
        if "/variables/{name}" in path:
            known["name"] = "TOKEN"
            saved = self._api("PUT", _filled(path, known), json={"value": "correct horse"})
            assert 200 == saved.status_code, saved.text
        if "{member_id}" in path:
            known["member_id"] = self._post("/api/members", {"email": f"ada{self._made}@example.com"})
        return known

    @cached_property
    def _run_to_read(self) -> str:
        return self._run()

    def _run(self) -> str:
        """A run that has passed, with a report and all of its story told."""
        run_id: str = self._road.submit()
        self._road.claim(run_id)
        self._road.finish(run_id, TestStatus.PASSED)
        self._road.report(run_id)
        self._road.stream()
        index = report_prefix(self._road.workspace_id, run_id) + "index.html"
        bootstrap.artifacts().put_bytes(index, b"<!doctype html>", content_type="text/html")
        return run_id

    def _post(self, path: str, body: Any) -> str:
        answer = self._api.post(path, json=body)
        assert 201 == answer.status_code, answer.text
        return str(answer.json()["id"])


def test_every_route_answers_everybody_as_tabled(
    road: Any, api: Any, visitors: dict[str, str], client_of: Callable[..., Any]
) -> None:
    """A route without a row here fails, and so does one whose row says otherwise; nobody else's thing is ever there."""
    document = json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))
    routes = {
        f"{method.upper()} {path}": operation["x-role"]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert routes.keys() == TABLE.keys()
    outside, stage = client_of(create_app()), Stage(road, api)

    found = {}
    for route, row in TABLE.items():
        method, path = route.split(" ")
        answers, known = [], stage.fill(method, path)
        for visitor, expected in zip(VISITORS, row.answers, strict=True):
            if expected < HTTPStatus.BAD_REQUEST:
                known = stage.fill(method, path)
            body = None if row.body is None else json.loads(_filled(json.dumps(row.body), known))
            headers = {"authorization": f"Bearer {visitors[visitor]}"} if visitor in visitors else {}
            address = _filled(path, known) + QUERIES.get(route, "")
            answers.append(outside(method, address, json=body, headers={**headers, "if-match": "*"}).status_code)
            if "/members" in path or path in {"/api/jobs", "/api/workspace"}:
                _undo()
        found[route] = tuple(answers)

    assert {route: row.answers for route, row in TABLE.items()} == found
    for route, role in routes.items():
        needed = {"anyone": of_anyone, "trigger": of_anyone}.get(role)
        allowed = 0 if needed else VISITORS.index(role)
        assert all(status in {401, 403} for status in found[route][:allowed]), f"{route} says {role}"


def _filled(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def _undo() -> None:
    """Take away what could be made once only, such as a job of the name."""
    with bootstrap.database().transaction() as connection:
        connection.execute("DELETE FROM jobs WHERE name = 'made'")
        connection.execute("DELETE FROM members")
