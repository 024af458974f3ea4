import hashlib
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from uuid_utils import uuid7

from functions.report_proxy.app import create_app as report_proxy
from functions.status_stream.app import create_app as status_stream
from functions.submit.app import create_app
from matinee import bootstrap
from matinee.model.errors import UnauthorizedError
from tests.integration.opened import opened

SCRIPT = "import { test } from '@playwright/test';\ntest('a', async () => {});\n"
PROBLEM = "application/problem+json"


@pytest.fixture
def outside(client_of: Callable[..., Any]) -> Any:
    """A client without a key of its own."""
    return client_of(create_app())


@pytest.fixture
def job(api: Any) -> Any:
    return make_job(api, "Nightly")


def make_job(api: Any, name: str) -> Any:
    test = api.post("/api/tests", json={"title": "Home", "script": SCRIPT}).json()["id"]
    return api.post("/api/jobs", json={"name": name, "tests": [test]}).json()


def make_key(api: Any, job: Any, name: str = "CI", **more: Any) -> Any:
    answer = api.post(f"/api/jobs/{job['id']}/trigger-keys", json={"name": name, **more})
    assert 201 == answer.status_code, answer.text
    return answer.json()


def keys_of(api: Any, job: Any) -> Any:
    return api.get(f"/api/jobs/{job['id']}/trigger-keys").json()["items"]


def revoke(api: Any, job: Any, key: Any) -> int:
    status: int = api("DELETE", f"/api/jobs/{job['id']}/trigger-keys/{key['id']}").status_code
    return status


def trigger(outside: Any, job: Any, key: Any, *, headers: dict[str, str] | None = None, **more: Any) -> Any:
    bearer = {"authorization": f"Bearer {key['key']}"}
    return outside.post(f"/api/jobs/{job['id']}/trigger", headers=bearer | (headers or {}), **more)


def shift(column: str, seconds: float) -> None:
    """Let a moment in the life of all keys be so many seconds from now."""
    statement = f"UPDATE trigger_keys SET {column} = now() + make_interval(secs => %s)"
    with bootstrap.database().transaction() as connection:
        connection.execute(statement, [seconds])  # type: ignore[arg-type] # our own names


def runs_of(api: Any) -> list[str]:
    return [run["id"] for run in api.get("/api/runs").json()["items"]]


# making, listing, revoking


def test_a_key_is_shown_once_and_only_its_hash_is_kept(api: Any, job: Any) -> None:
    made = make_key(api, job)

    with bootstrap.database().transaction() as connection:
        (row,) = connection.execute("SELECT * FROM trigger_keys").fetchall()
    assert {"id", "name", "prefix", "key", "createdAt", "expiresAt"} == made.keys()
    assert made["key"].startswith("mtt_")
    assert (made["key"][:11], 47) == (made["prefix"], len(made["key"]))
    assert hashlib.sha256(made["key"].encode()).digest() == row["hash"]
    assert made["key"] not in repr(row)
    assert [{name: made[name] for name in made.keys() - {"key"}}] == keys_of(api, job)


@pytest.mark.parametrize(("more", "days"), [({}, 90), ({"expiresInDays": 1}, 1), ({"expiresInDays": 366}, 366)])
def test_a_key_always_expires(api: Any, job: Any, more: Any, days: int) -> None:
    made = make_key(api, job, **more)

    left = datetime.fromisoformat(made["expiresAt"]) - datetime.now(UTC)
    assert timedelta(0) <= timedelta(days=days) - left < timedelta(minutes=1)


def test_keys_are_listed_newest_first_with_what_became_of_them(api: Any, outside: Any, job: Any) -> None:
    first, second, third = (make_key(api, job, name) for name in ("A", "B", "C"))
    make_key(api, make_job(api, "Other"), "D")
    trigger(outside, job, second)
    revoke(api, job, first)

    listed = keys_of(api, job)

    assert [third["id"], second["id"], first["id"]] == [key["id"] for key in listed]
    assert [set(), {"lastUsedAt"}, {"revokedAt"}] == [{"lastUsedAt", "revokedAt"} & key.keys() for key in listed]


def test_a_revoked_key_is_good_for_nothing_at_once(api: Any, outside: Any, job: Any) -> None:
    gone, other = make_key(api, job), make_key(api, job)

    assert [202, 204, 401] == [
        trigger(outside, job, gone).status_code,
        revoke(api, job, gone),
        trigger(outside, job, gone).status_code,
    ]
    assert 202 == trigger(outside, job, other).status_code


def test_a_second_revocation_leaves_the_first_ones_time(api: Any, job: Any) -> None:
    made = make_key(api, job)
    revoke(api, job, made)
    (before,) = keys_of(api, job)

    assert 204 == revoke(api, job, made)
    assert [before] == keys_of(api, job)


def test_a_key_that_is_revoked_while_a_request_comes_in_runs_nothing(api: Any, job: Any) -> None:
    made = make_key(api, job)
    revoke(api, job, made)

    with pytest.raises(UnauthorizedError, match="just been revoked"):
        bootstrap.trigger_keys().use(made["id"])


def test_a_job_has_twenty_living_keys_at_most_however_many_are_made_at_once(api: Any, job: Any) -> None:
    path, body = f"/api/jobs/{job['id']}/trigger-keys", {"name": "CI"}

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: api.post(path, json=body), range(26)))

    refused = [answer for answer in answers if answer.status_code != 201]
    assert [409] * 6 == [answer.status_code for answer in refused]
    assert "Revoke one of them first." in refused[0].json()["detail"]
    assert 20 == len(keys_of(api, job))
    revoke(api, job, keys_of(api, job)[3])
    make_key(api, job)
    shift("expires_at", 0)
    make_key(api, job)


def test_the_list_of_keys_does_not_grow_for_ever(road: Any, api: Any, job: Any) -> None:
    living = make_key(api, job)
    with bootstrap.database().transaction() as connection:
        connection.execute(
            "INSERT INTO trigger_keys (id, workspace_id, job_id, name, prefix, hash, expires_at)"
            " SELECT gen_random_uuid(), %s, %s, 'old', 'mtt_', sha256(n::text::bytea), now()"
            " FROM generate_series(1, 130) AS n",
            [road.workspace_id, job["id"]],
        )

    newest = make_key(api, job)

    listed = [key["id"] for key in keys_of(api, job)]
    assert 100 + 2 == len(listed)
    assert {living["id"], newest["id"]} <= set(listed)


def test_what_is_no_key_to_make_is_422_and_names_the_field(api: Any, job: Any) -> None:
    faults: list[tuple[str, Any]] = [
        ("name", {}),
        ("name", {"name": " "}),
        ("name", {"name": "x" * 201}),
        ("name", {"name": "a\0"}),
        ("name", {"name": "\ud800"}),
        ("expiresInDays", {"name": "A", "expiresInDays": 0}),
        ("expiresInDays", {"name": "A", "expiresInDays": 367}),
        ("expiresInDays", {"name": "A", "expiresInDays": None}),
        ("key", {"name": "A", "key": "mtt_mine"}),
    ]
    headers = {"content-type": "application/json"}

    answers = [
        api.post(f"/api/jobs/{job['id']}/trigger-keys", content=json.dumps(body), headers=headers) for _, body in faults
    ]

    assert [(422, PROBLEM, field) for field, _ in faults] == [
        (answer.status_code, answer.headers["content-type"], answer.json()["errors"][0]["field"]) for answer in answers
    ]
    assert [] == keys_of(api, job)


def test_an_unknown_job_or_key_is_404_whatever_its_id_looks_like(
    api: Any, job: Any, client_of: Callable[..., Any], new_workspace: Callable[[], str]
) -> None:
    made = make_key(api, job)
    foreign = client_of(
        create_app(), headers={"authorization": f"Bearer {bootstrap.keys().create(new_workspace(), 'x')}"}
    )
    another = make_job(api, "Other")["id"]
    asked = [(foreign, job["id"], made["id"]), (api, another, made["id"])]
    asked += [(api, job["id"], odd) for odd in ("x", "%00", str(uuid7()), made["id"].upper())]
    jobs = [(foreign, job["id"]), *((api, odd) for odd in ("x", "%00", str(uuid7())))]

    answers = [client("DELETE", f"/api/jobs/{job_id}/trigger-keys/{key_id}") for client, job_id, key_id in asked]
    answers += [client.post(f"/api/jobs/{job_id}/trigger-keys", json={"name": "A"}) for client, job_id in jobs]
    answers += [client.get(f"/api/jobs/{job_id}/trigger-keys") for client, job_id in jobs]

    assert {(404, PROBLEM)} == {(answer.status_code, answer.headers["content-type"]) for answer in answers}
    assert "revokedAt" not in keys_of(api, job)[0]


def test_a_deleted_jobs_keys_go_with_it(api: Any, outside: Any, job: Any) -> None:
    made = make_key(api, job)
    trigger(outside, job, made)

    assert 204 == api("DELETE", f"/api/jobs/{job['id']}").status_code
    assert 401 == trigger(outside, job, made).status_code
    with bootstrap.database().transaction() as connection:
        assert [] == connection.execute("SELECT id FROM trigger_keys").fetchall()


# triggering


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"json": {}},
        {"content": "null", "headers": {"content-type": "application/json"}},
        {"json": {"variables": {}}},
    ],
)
def test_a_trigger_queues_a_run_of_the_job_and_gives_its_links(
    road: Any, api: Any, outside: Any, job: Any, body: Any
) -> None:
    answer = trigger(outside, job, make_key(api, job), **body)

    run_id = answer.json()["runId"]
    assert (202, job["id"], "queued") == (answer.status_code, answer.json()["jobId"], answer.json()["status"])
    assert {
        "self": f"/api/runs/{run_id}",
        "events": f"/api/job-status/sse/{run_id}",
        "report": f"/api/test-results/jobs/{run_id}/report/",
        "console": f"/api/runs/{run_id}/console",
    } == answer.json()["links"]
    assert [run_id] == [order.run_id for order in road.plans()]
    assert "api" == api.get(f"/api/runs/{run_id}").json()["trigger"]


def test_the_variables_of_a_trigger_reach_the_tests(api: Any, outside: Any, job: Any) -> None:
    variables = {"BUILD": "417", "WHERE": "https://staging.example.com"}

    run_id = trigger(outside, job, make_key(api, job), json={"variables": variables}).json()["runId"]

    assert [variables] == [opened(order) for order in bootstrap.runs().orders(run_id)]


def test_a_body_that_makes_no_sense_is_refused_names_the_field_and_does_not_count(
    api: Any, outside: Any, job: Any
) -> None:
    made = make_key(api, job)
    faults: list[tuple[str, Any]] = [
        ("variables", {"variables": None}),
        ("variables", {"variables": []}),
        ("variables.A", {"variables": {"A": 5}}),
        ("variables", {"variables": {"PATH": "hush"}}),
        ("variables", {"variables": {"A": "hush\0"}}),
        ("variables", {"variables": {"A": "x" * 64_000}}),
        ("variables", {"variables": {f"A{n}": "" for n in range(101)}}),
        ("tests", {"tests": []}),
        ("jobId", {"jobId": job["id"]}),
        ("", []),
        ("", "x"),
    ]

    answers = [trigger(outside, job, made, json=body) for _, body in faults]
    answers.append(trigger(outside, job, made, headers={"idempotency-key": "x" * 201}))
    broken = trigger(outside, job, made, content="{", headers={"content-type": "application/json"})

    assert [(422, PROBLEM, field) for field in [*(field for field, _ in faults), "idempotency-key"]] == [
        (answer.status_code, answer.headers["content-type"], answer.json()["errors"][0]["field"]) for answer in answers
    ]
    assert "hush" not in "".join(answer.text for answer in answers)
    assert 400 == broken.status_code
    assert [] == runs_of(api)
    assert {202} == {trigger(outside, job, made).status_code for _ in range(10)}


def test_a_body_of_more_than_two_megabytes_is_413(api: Any, outside: Any, job: Any) -> None:
    body = {"variables": {"A": "x" * 2_000_000}}

    assert 413 == trigger(outside, job, make_key(api, job), json=body).status_code


def test_a_job_that_lost_its_tests_is_not_run(api: Any, outside: Any, job: Any) -> None:
    made = make_key(api, job)
    api("DELETE", f"/api/tests/{job['tests'][0]}?force=true")

    assert 409 == trigger(outside, job, made).status_code


def test_the_same_idempotency_key_starts_one_run(road: Any, api: Any, outside: Any, job: Any) -> None:
    made, headers = make_key(api, job), {"idempotency-key": "deploy-417"}

    answers = [trigger(outside, job, made, headers=headers) for _ in range(2)]
    changed = trigger(outside, job, made, headers=headers, json={"variables": {"A": "b"}})

    assert [202, 202, 409] == [answer.status_code for answer in (*answers, changed)]
    assert answers[0].json() == answers[1].json()
    assert [answers[0].json()["runId"]] == runs_of(api)
    assert {answers[0].json()["runId"]} == {order.run_id for order in road.plans()}


def test_idempotency_keys_of_a_trigger_key_are_its_own(api: Any, outside: Any, job: Any) -> None:
    """The same one, of another trigger key or of the API itself, is another: nobody learns of the other's run."""
    made, headers = make_key(api, job), {"idempotency-key": "1"}

    answers = [
        api.post("/api/jobs/run", json={"jobId": job["id"]}, headers=headers),
        api.post("/api/jobs/run", json={"jobId": job["id"]}, headers={"idempotency-key": f"{made['id']}1"}),
        api.post("/api/jobs/run", json={"jobId": job["id"]}, headers={"idempotency-key": f"{made['id']} 1"}),
        trigger(outside, job, made, headers=headers),
        trigger(outside, job, make_key(api, job), headers=headers),
    ]

    assert {202} == {answer.status_code for answer in answers}
    assert 5 == len({answer.json()["runId"] for answer in answers})


# who may


def test_only_a_living_key_of_this_very_job_runs_it_and_the_refusals_are_all_alike(
    api: Any, outside: Any, job: Any
) -> None:
    """Whoever tries keys does not learn whether one is good elsewhere, or was good once, or whether the job exists."""
    elsewhere, revoked, living = make_key(api, make_job(api, "Other")), make_key(api, job), make_key(api, job)
    revoke(api, job, revoked)
    unknown = {"key": "mtt_" + "x" * 43}

    refused = [trigger(outside, job, key) for key in (elsewhere, revoked, unknown, {"key": "mtt_"}, {"key": "mt"})]
    refused += [trigger(outside, {"id": other}, living) for other in (str(uuid7()), "x", "%00", job["id"].upper())]
    refused += [
        outside.post(f"/api/jobs/{job['id']}/trigger", headers=headers)
        for headers in ({}, {"authorization": living["key"]}, {"authorization": f"Basic {living['key']}"})
    ]
    refused.append(outside.post(f"/api/jobs/{job['id']}/trigger?key={living['key']}"))
    shift("expires_at", 0)
    refused.append(trigger(outside, job, living))

    assert {(401, PROBLEM, "Bearer")} == {
        (answer.status_code, answer.headers["content-type"], answer.headers["www-authenticate"]) for answer in refused
    }
    assert 1 == len({answer.text for answer in refused})
    assert [] == runs_of(api)


@pytest.mark.parametrize("good", [True, False])
def test_an_api_key_is_told_where_it_belongs(road: Any, outside: Any, job: Any, *, good: bool) -> None:
    answer = trigger(outside, job, {"key": road.key if good else "mt_wrong"})

    assert 401 == answer.status_code
    assert answer.json()["detail"].endswith("With an API key, use POST /api/jobs/run.")


def test_a_trigger_key_opens_nothing_else(api: Any, job: Any, client_of: Callable[..., Any]) -> None:
    """Every route of every function, for the key's own job and the run that it has just started."""
    made = make_key(api, job)
    apps = [create_app(), status_stream(), report_proxy()]
    run_id = trigger(client_of(apps[0]), job, made).json()["runId"]
    ids = {
        "job_id": job["id"],
        "run_id": run_id,
        "test_id": job["tests"][0],
        "key_id": made["id"],
        "member_id": made["id"],
        "workspace_id": made["id"],
        "share_id": made["id"],
    }
    known = {"version": 1, "path": "index.html", "name": "TOKEN", **ids}
    anyone = [
        path
        for path, of in create_app().openapi()["paths"].items()
        for each in of.values()
        if each["x-role"] == "anyone"
    ]
    public = {"/api/openapi.json", "/api/jobs/{job_id}/trigger", *anyone}
    redirects = {
        *(f"/api/test-results/{kind}/{{run_id}}/report" for kind in ("tests", "jobs")),
        "/api/shared/{token}",
        "/api/shared/{token}/",
    }

    answered = {
        (method, route.path): client_of(app)(
            method, route.path.replace(":path", "").format(**known), headers={"authorization": f"Bearer {made['key']}"}
        ).status_code
        for app in apps
        for route in iter_route_contexts(app.routes)
        if route.path and route.path.startswith("/api/") and route.path not in public | redirects
        for method in route.methods or ()
    }

    assert {("GET", "/api/runs"), ("POST", "/api/jobs/run"), ("GET", "/api/job-status/sse/{run_id}")} <= answered.keys()
    assert {} == {asked: status for asked, status in answered.items() if status != 401}
    assert ([run_id], job["id"]) == (runs_of(api), api.get(f"/api/jobs/{job['id']}").json()["id"])


def test_openapi_says_which_key_a_trigger_takes() -> None:
    paths = create_app().openapi()["paths"]

    assert [{"TriggerKey": []}] == paths["/api/jobs/{job_id}/trigger"]["post"]["security"]
    assert [{"HTTPBearer": []}, {"session": []}] == paths["/api/jobs/{job_id}/trigger-keys"]["post"]["security"]


# how often


def test_a_key_may_be_used_ten_times_a_minute_however_many_come_at_once(
    road: Any, api: Any, outside: Any, job: Any
) -> None:
    made = make_key(api, job)

    with ThreadPoolExecutor(15) as threads:
        answers = list(threads.map(lambda _: trigger(outside, job, made), range(30)))

    refused = [answer for answer in answers if answer.status_code != 202]
    assert [429] * 20 == [answer.status_code for answer in refused]
    assert {PROBLEM} == {answer.headers["content-type"] for answer in refused}
    assert all(0 < int(answer.headers["retry-after"]) <= 60 for answer in refused)
    assert 10 == len(runs_of(api)) == len(road.plans())


def test_a_refusal_says_when_the_window_ends_and_then_it_does(api: Any, outside: Any, job: Any) -> None:
    made = make_key(api, job)
    answers = [trigger(outside, job, made) for _ in range(10)]
    shift("window_began_at", -47)

    refused = trigger(outside, job, made)
    shift("window_began_at", -60)
    answers += [trigger(outside, job, made) for _ in range(10)]

    assert (429, "urn:matinee:problem:too-many-requests") == (refused.status_code, refused.json()["type"])
    assert 0 < int(refused.headers["retry-after"]) <= 60 - 47
    assert f"Try again in {refused.headers['retry-after']} s." in refused.json()["detail"]
    assert {202} == {answer.status_code for answer in answers}
    assert 429 == trigger(outside, job, made).status_code


def test_each_key_is_counted_by_itself(api: Any, outside: Any, job: Any) -> None:
    busy, idle = make_key(api, job), make_key(api, job)
    for _ in range(11):
        last = trigger(outside, job, busy)

    assert [429, 202] == [last.status_code, trigger(outside, job, idle).status_code]


# what is not said


def test_neither_key_nor_variables_are_logged(
    api: Any, outside: Any, job: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = make_key(api, job)

    trigger(outside, job, made, json={"variables": {"WHO": "hush-hush"}})
    trigger(outside, job, made, json={"variables": {"PATH": "hush-hush"}})

    assert caplog.text
    assert not [said for said in (made["key"][4:], "hush-hush") if said in caplog.text]
