"""Saved variables: of the workspace and of jobs, plain and secret, from the API to the order that run_test gets."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from matinee import bootstrap
from tests.integration.opened import opened
from tests.integration.past import save

HUSH = "correct horse battery staple"
SCRIPT = "import { test } from '@playwright/test';\ntest('a', async () => {});\n"


def put(api: Any, name: str, value: str = HUSH, *, job: str | None = None, secret: bool = False) -> Any:
    base = f"/api/jobs/{job}/variables" if job else "/api/variables"
    return api("PUT", f"{base}/{name}", json={"value": value, "secret": secret})


def job_of(api: Any, name: str = "Nightly") -> str:
    return str(api.post("/api/jobs", json={"name": name, "tests": [save(api)]}).json()["id"])


def everything(sql: str = "SELECT * FROM variables") -> str:
    with bootstrap.database().transaction() as connection:
        return repr(connection.execute(sql).fetchall())  # type: ignore[arg-type]


def test_a_plain_variable_is_shown_and_says_who_saved_it(api: Any) -> None:
    made = put(api, "WHERE_TO", "https://example.com")

    assert 200 == made.status_code
    (shown,) = api.get("/api/variables").json()["items"]
    assert made.json() == shown
    assert ("WHERE_TO", False, "https://example.com", "tests") == (
        shown["name"],
        shown["secret"],
        shown["value"],
        shown["updatedBy"],
    )


def test_a_secret_is_never_answered_again_nor_is_it_in_the_database(api: Any) -> None:
    """Not by the request that saves it, not by a list, and no column has it."""
    made = put(api, "TOKEN", secret=True)
    shown = api.get("/api/variables")

    assert [200, 200] == [made.status_code, shown.status_code]
    assert {"name": "TOKEN", "secret": True} == {name: shown.json()["items"][0][name] for name in ("name", "secret")}
    assert "value" not in made.json()
    assert [False] * 4 == [
        HUSH in text for text in (made.text, shown.text, everything(), everything("SELECT * FROM audit"))
    ]
    assert "TOKEN" in everything("SELECT target_name FROM audit")


def test_what_a_script_gets_is_the_requests_before_the_jobs_before_the_workspaces(road: Any, api: Any) -> None:
    job = job_of(api)
    for name in ("A", "B", "C"):
        put(api, name, "of the workspace")
    for name in ("B", "C"):
        put(api, name, "of the job", job=job)
    put(api, "A", "of another job", job=job_of(api, "Other"))

    run_id = api.post("/api/jobs/run", json={"jobId": job, "variables": {"C": "of the request"}}).json()["runId"]
    bootstrap.planner().plan(road.workspace_id, run_id)

    (order,) = road.orders()
    assert {"A": "of the workspace", "B": "of the job", "C": "of the request"} == opened(order)


def test_a_single_test_gets_the_workspaces_and_its_own(road: Any, api: Any) -> None:
    put(api, "TOKEN", secret=True)
    put(api, "OF_JOB", "x", job=job_of(api))

    api.post("/api/test", json={"script": SCRIPT, "variables": {"WHO": "ada"}})

    (order,) = road.orders()
    assert {"TOKEN": HUSH, "WHO": "ada"} == opened(order)
    assert (HUSH,) == bootstrap.vault().open(order.workspace_id, order.variables).secrets


def test_another_workspaces_variables_are_not_in_the_order(road: Any, api: Any, other: Any) -> None:
    put(other, "THEIRS")
    api.post("/api/test", json={"script": SCRIPT})

    (order,) = road.orders()
    assert () == order.variables


def test_no_value_lies_in_a_message_nor_with_the_run(road: Any, api: Any) -> None:
    """Neither a secret nor a plain one, saved or brought by the request: SQS and run_tests have them encrypted."""
    values = ["plain-of-workspace", "secret-of-workspace", "brought-by-request"]
    put(api, "A", values[0])
    put(api, "B", values[1], secret=True)
    api.post("/api/test", json={"script": SCRIPT, "variables": {"C": values[2]}})

    (order,) = road.orders()
    message, row = order.model_dump_json(), everything("SELECT * FROM run_tests")
    assert {"A": values[0], "B": values[1], "C": values[2]} == opened(order)
    assert [] == [value for value in values if value in message or value in row]


def test_what_is_resolved_is_what_is_saved_when_the_order_is_sent(road: Any, api: Any) -> None:
    """A job's test that waits for its turn gets what was saved meanwhile, and so does a run that is run again."""
    job = job_of(api)
    put(api, "A", "before")
    run_id = api.post("/api/jobs/run", json={"jobId": job}).json()["runId"]
    put(api, "A", "after")

    bootstrap.planner().plan(road.workspace_id, run_id)

    (order,) = road.orders()
    assert {"A": "after"} == opened(order)


def test_many_variables_do_not_keep_an_order_from_its_message(road: Any, api: Any) -> None:
    """As much as may be saved and brought at once, with a long script: the script goes by way of S3, and the rest fits."""
    job = job_of(api)
    for number in range(9):
        put(api, f"A{number}", "x" * 7_000)
        put(api, f"B{number}", "y" * 7_000, job=job)
    asked = {"jobId": job, "variables": {"C": "z" * 63_000}}
    run_id = api.post("/api/jobs/run", json=asked).json()["runId"]

    bootstrap.planner().plan(road.workspace_id, run_id)

    (order,) = road.orders()
    assert 19 == len(opened(order))


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("PATH", {"value": "x"}, "PATH belongs to the search for programs"),
        ("1A", {"value": "x"}, "is no variable's name"),
        ("A", {"value": "x\0"}, "has a NUL"),
        ("A", {}, "value: Field required"),
        ("A", {"value": "short", "secret": True}, "a secret has 6 characters or more"),
        ("A", {"value": "  short  ", "secret": True}, "a secret has 6 characters or more"),
        ("A", {"value": "x" * 8_193, "secret": True}, "a secret has 8,192 bytes at the most"),
        ("A", {"value": "x" * 64_000}, "64,000 are the most"),
        ("A", {"value": "x", "more": 1}, "more: Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_saved_is_refused_without_its_value(
    api: Any, name: str, body: dict[str, Any], told: str
) -> None:
    answer = api("PUT", f"/api/variables/{name}", json=body)

    assert 422 == answer.status_code
    assert told in answer.json()["detail"], answer.text
    assert "short" not in json.dumps(answer.json()["errors"]).replace("a shorter one", "")
    assert [] == api.get("/api/variables").json()["items"]


def test_there_is_room_for_a_hundred_also_if_they_come_at_once(api: Any) -> None:
    with ThreadPoolExecutor(4) as people:
        statuses = list(people.map(lambda number: put(api, f"V{number}", "x").status_code, range(103)))

    assert [200] * 100 + [422] * 3 == sorted(statuses)
    assert 100 == len(api.get("/api/variables").json()["items"])
    taken = api.get("/api/variables").json()["items"][0]["name"]
    assert 200 == put(api, taken, "changed").status_code


def test_a_secret_becomes_plain_only_with_a_new_value(api: Any) -> None:
    put(api, "A", secret=True)
    put(api, "A", "to be seen")

    assert [("A", False, "to be seen")] == [
        (each["name"], each["secret"], each["value"]) for each in api.get("/api/variables").json()["items"]
    ]


def test_a_jobs_variables_go_with_it_and_others_stay(api: Any) -> None:
    job = job_of(api)
    put(api, "A", "x")
    put(api, "A", "y", job=job)

    assert 204 == api("DELETE", f"/api/jobs/{job}").status_code
    assert 404 == api.get(f"/api/jobs/{job}/variables").status_code
    assert ["x"] == [each["value"] for each in api.get("/api/variables").json()["items"]]


def test_what_is_deleted_is_gone_and_cannot_be_deleted_again(api: Any) -> None:
    job = job_of(api)
    put(api, "A", "x")
    put(api, "A", "y", job=job)

    assert [204, 404] == [api("DELETE", "/api/variables/A").status_code for _ in range(2)]
    assert 1 == len(api.get(f"/api/jobs/{job}/variables").json()["items"])
    assert [204, 404] == [api("DELETE", f"/api/jobs/{job}/variables/A").status_code for _ in range(2)]


def test_another_workspaces_job_takes_none(api: Any, other: Any) -> None:
    job = job_of(api)

    assert [404, 404] == [put(other, "A", job=job).status_code, other.get(f"/api/jobs/{job}/variables").status_code]
    assert [] == api.get(f"/api/jobs/{job}/variables").json()["items"]


def test_each_change_is_noted_with_the_names_of_what_changed(api: Any) -> None:
    put(api, "TOKEN", secret=True)
    put(api, "TOKEN", f"{HUSH}!", secret=True)
    api("DELETE", "/api/variables/TOKEN")

    noted = [
        (entry["action"], entry["targetKind"], entry["targetName"]) for entry in api.get("/api/audit").json()["items"]
    ]
    assert [(action, "variable", "TOKEN") for action in ("deleted", "changed", "made")] == noted[:3]


def test_without_its_key_nothing_is_saved_and_it_is_said_why(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEE_KEY_FILE", "/nowhere/secrets.key")
    bootstrap.vault.forget()
    bootstrap.settings.load.cache_clear()

    answer = put(api, "A", secret=True)

    assert (500, "urn:matinee:problem:vault-key") == (answer.status_code, answer.json()["type"])
    assert "/nowhere/secrets.key, cannot be read" in answer.json()["detail"]
    assert [] == api.get("/api/variables").json()["items"]
