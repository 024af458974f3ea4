"""The audit log: whatever people change is in it, as theirs."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.submit.app import create_app
from matinee import bootstrap
from matinee.model.access import Role

SCRIPT = "import { test } from '@playwright/test';\ntest('a', async () => { /* marked-in-the-script */ });\n"


@pytest.fixture
def editor(road: Any, client_of: Callable[..., Any]) -> Any:
    """An editor's client; its key is called Ada's."""
    key = bootstrap.keys().create(road.workspace_id, "Ada's", role=Role.EDITOR)
    return client_of(create_app(), headers={"authorization": f"Bearer {key}"})


def told(api: Any, **query: str) -> list[tuple[str, str, str, str]]:
    """The log, oldest first: who did what to which thing of which name."""
    items = api.get("/api/audit", params=query).json()["items"]
    return [
        (each["actor"]["name"], each["action"], each["targetKind"], each.get("targetName", "")) for each in items[::-1]
    ]


def test_whatever_is_changed_is_noted_with_who_did_it(api: Any, editor: Any) -> None:
    """In its order, by its name of that time, in the same transaction; what changes nothing is not."""
    test = editor.post("/api/tests", json={"title": "Checkout", "script": SCRIPT}).json()["id"]
    job = {"name": "Nightly", "tests": [test], "schedule": {"cron": "0 9 * * *"}}
    made = editor.post("/api/jobs", json=job).json()["id"]
    editor("PUT", f"/api/jobs/{made}", json={**job, "name": "Nightlies", "retries": 2}, headers={"if-match": "*"})
    editor("PUT", f"/api/jobs/{made}", json={**job, "name": "Nightlies", "retries": 2}, headers={"if-match": "*"})
    trigger = editor.post(f"/api/jobs/{made}/trigger-keys", json={"name": "Deployments"}).json()["id"]
    editor("DELETE", f"/api/jobs/{made}/trigger-keys/{trigger}")
    run = editor.post("/api/test", json={"script": SCRIPT, "title": "Try"}).json()["testId"]
    editor.post(f"/api/runs/{run}/cancel")
    editor("DELETE", f"/api/runs/{run}")
    editor("DELETE", f"/api/tests/{test}?force=true")
    editor("DELETE", f"/api/jobs/{made}")
    key = api.post("/api/keys", json={"name": "CI", "role": "viewer"}).json()["id"]
    api("DELETE", f"/api/keys/{key}")
    api("PUT", "/api/workspace", json={"name": "Shop"})

    assert [
        ("Ada's", "made", "test", "Checkout"),
        ("Ada's", "made", "job", "Nightly"),
        ("Ada's", "made", "schedule", "0 9 * * *"),
        ("Ada's", "changed", "job", "Nightlies"),
        ("Ada's", "made", "trigger key", "Deployments"),
        ("Ada's", "revoked", "trigger key", "Deployments"),
        ("Ada's", "cancelled", "run", "Try"),
        ("Ada's", "deleted", "run", "Try"),
        ("Ada's", "changed", "job", "Nightlies"),
        ("Ada's", "deleted", "test", "Checkout"),
        ("Ada's", "deleted", "job", "Nightlies"),
        ("Ada's", "deleted", "schedule", "0 9 * * *"),
        ("Ada's", "deleted", "trigger key", "Deployments"),
        ("tests", "made", "key", "CI"),
        ("tests", "revoked", "key", "CI"),
        ("tests", "changed", "workspace", "Shop"),
    ] == told(api)
    changes = [each["details"] for each in api.get("/api/audit", params={"targetId": made}).json()["items"]]
    assert ["name", "retries", "version"] == changes[-3]["changed"]


def test_who_signs_in_is_noted(road: Any, api: Any) -> None:
    api.post("/api/session", json={"key": road.key})

    assert [("tests", "signed in", "session", "")] == told(api)


def test_the_log_names_fields_and_never_what_is_in_them(api: Any, editor: Any) -> None:
    """No script, no key, no description: only names of things, roles, and which fields changed."""
    editor.post("/api/tests", json={"title": "A", "description": "marked-in-the-text", "script": SCRIPT})
    key = api.post("/api/keys", json={"name": "CI"}).json()["key"]
    written = json.dumps(api.get("/api/audit").json())

    assert "editor" in written
    assert [] == [
        secret for secret in ("marked-in-the-script", "marked-in-the-text", key, key[3:]) if secret in written
    ]


def test_what_sweep_and_schedules_do_is_nobodys_doing(road: Any, api: Any) -> None:
    """A run that expires leaves no entry, nor does one that a worker ends."""
    run_id = road.submit()
    road.claim(run_id)
    road.finish(run_id)
    road.stream()
    with bootstrap.database().transaction() as connection:
        connection.execute(
            "UPDATE runs SET created_at = now() - interval '40 days', ended_at = now() - interval '40 days'"
        )
    assert bootstrap.sweeper().sweep()["runs_expired"]

    assert [] == told(api)


def test_an_entry_that_cannot_be_written_takes_its_change_back(api: Any, editor: Any) -> None:
    """There is no way to change something and leave no trace."""
    with bootstrap.database().transaction() as connection:
        connection.execute("ALTER TABLE audit ADD CONSTRAINT full_up CHECK (target_name <> 'Secretly')")
    try:
        answer = editor.post("/api/jobs", json={"name": "Secretly", "tests": [_test(editor)]})
        assert 500 == answer.status_code
        assert [] == api.get("/api/jobs").json()["items"]
    finally:
        with bootstrap.database().transaction() as connection:
            connection.execute("ALTER TABLE audit DROP CONSTRAINT full_up")


def test_the_log_is_read_in_pages_and_kept_for_400_days(api: Any, editor: Any) -> None:
    for name in "ABCDE":
        editor.post("/api/tests", json={"title": name, "script": SCRIPT})
    first = api.get("/api/audit", params={"limit": 3}).json()
    rest = api.get("/api/audit", params={"limit": 3, "cursor": first["nextCursor"]}).json()
    assert "EDCBA" == "".join(each["targetName"] for each in first["items"] + rest["items"])
    assert "nextCursor" not in rest
    assert 400 == api.get("/api/audit", params={"cursor": "x"}).status_code
    for days, name in ((401, "A"), (399, "B")):
        _age(name, timedelta(days=days))

    assert 1 == bootstrap.sweeper().sweep()["audit_forgotten"]
    assert "EDCB" == "".join(each["targetName"] for each in api.get("/api/audit").json()["items"])


def test_another_workspaces_log_is_not_there(api: Any, other: Any, editor: Any) -> None:
    editor.post("/api/tests", json={"title": "A", "script": SCRIPT})

    assert ([("Ada's", "made", "test", "A")], []) == (told(api), told(other))


def _test(client: Any) -> str:
    return str(client.post("/api/tests", json={"title": "A", "script": SCRIPT}).json()["id"])


def _age(name: str, by: timedelta) -> None:
    with bootstrap.database().transaction() as connection:
        connection.execute("UPDATE audit SET at = at - %s WHERE target_name = %s", [by, name])
