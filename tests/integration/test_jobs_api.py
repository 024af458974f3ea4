import json
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from uuid_utils import uuid7

from matinee import bootstrap
from matinee.model.errors import LiveUnavailableError
from matinee.model.script import Language
from matinee.stores.rows import Run
from matinee.stores.tests import TestDraft
from tests.integration.opened import opened

SCRIPT = "import { test } from '@playwright/test';\ntest('a', async () => {});\n"
PROBLEM = "application/problem+json"


def save(api: Any, title: str = "Home", script: str = SCRIPT) -> str:
    return str(api.post("/api/tests", json={"title": title, "script": script}).json()["id"])


def make_job(api: Any, tests: int | list[str] = 2, **more: Any) -> Any:
    ids = [save(api, f"T{n}", f"// {n}\n{SCRIPT}") for n in range(tests)] if isinstance(tests, int) else tests
    answer = api.post("/api/jobs", json={"name": "Nightly", "tests": ids, **more})
    assert 201 == answer.status_code, answer.text
    return answer.json()


def put(api: Any, path: str, body: Any, version: int = 1) -> Any:
    return api("PUT", path, json=body, headers={"if-match": f'"{version}"'})


def start(api: Any, job: Any, **more: Any) -> str:
    answer = api.post("/api/jobs/run", json={"jobId": job["id"], **more})
    assert 202 == answer.status_code, answer.text
    return str(answer.json()["runId"])


def odd(api: Any, method: str, path: str, body: Any, **headers: str) -> Any:
    """Ask with a body that may have half a surrogate pair, as only JSON's escapes can."""
    content = json.dumps(body)
    return api(method, path, content=content, headers={"content-type": "application/json", **headers})


def fault_of(answer: Any) -> tuple[int, str, str]:
    return answer.status_code, answer.headers["content-type"], answer.json()["errors"][0]["field"]


# jobs


def test_a_saved_job_is_read_as_it_was_written(api: Any) -> None:
    second, first = save(api), save(api)
    body = {
        "name": "Nightly",
        "description": "all of it",
        "tests": [first, second],
        "baseUrl": "https://example.com",
        "parallelism": 3,
        "retries": 1,
        "timeoutSeconds": 90,
        "runTimeoutSeconds": 600,
        "stopAfterFailures": 2,
    }

    made = api.post("/api/jobs", json=body)
    found = api.get(f"/api/jobs/{made.json()['id']}")

    assert (201, '"1"', f"/api/jobs/{made.json()['id']}") == (
        made.status_code,
        made.headers["etag"],
        made.headers["location"],
    )
    assert made.json() == found.json()
    assert (body | {"version": 1, "testCount": 2}).items() <= found.json().items()


def test_what_is_not_said_of_a_job_has_its_default(api: Any) -> None:
    job = make_job(api, 1)

    assert {"description": "", "parallelism": 10, "retries": 0, "timeoutSeconds": 60}.items() <= job.items()
    assert not {"baseUrl", "runTimeoutSeconds", "stopAfterFailures", "lastRun"} & job.keys()


def test_a_change_makes_a_version_and_nothing_makes_none(api: Any) -> None:
    job = make_job(api)
    path, body = f"/api/jobs/{job['id']}", {"name": "Nightly", "tests": job["tests"]}

    unchanged = put(api, path, body)
    turned = put(api, path, body | {"tests": job["tests"][::-1]})
    late = put(api, path, body | {"name": "Late"})

    assert (200, job) == (unchanged.status_code, unchanged.json())
    assert (2, '"2"', job["tests"][::-1]) == (turned.json()["version"], turned.headers["etag"], turned.json()["tests"])
    assert (412, 2) == (late.status_code, late.json()["version"])
    assert 428 == api("PUT", path, json=body).status_code
    assert "Nightly" == api.get(path).json()["name"]


def test_a_jobs_name_is_its_own_in_a_workspace(api: Any, other: Any) -> None:
    job = make_job(api, 1)
    another = make_job(api, job["tests"], name="Other")

    twice = api.post("/api/jobs", json={"name": "Nightly", "tests": job["tests"]})
    taken = put(api, f"/api/jobs/{another['id']}", {"name": "Nightly", "tests": job["tests"]})

    assert [(409, "name")] * 2 == [(answer.status_code, answer.json()["field"]) for answer in (twice, taken)]
    assert "Nightly" == make_job(other, 1)["name"]


def test_jobs_are_listed_newest_first_in_pages_with_their_last_run(api: Any) -> None:
    tests = [save(api)]
    jobs = [make_job(api, tests, name=name, description=f"{name} of the shop") for name in ("A", "B", "Shop")]
    start(api, jobs[1])
    last = start(api, jobs[1])

    first = api.get("/api/jobs?limit=2").json()
    second = api.get(f"/api/jobs?limit=2&cursor={first['nextCursor']}").json()

    listed = first["items"] + second["items"]
    assert ["Shop", "B", "A"] == [job["name"] for job in listed]
    assert "nextCursor" not in second
    newest = listed[1]["lastRun"]
    assert (last, "queued", 1) == (newest["runId"], newest["status"], listed[1]["testCount"])
    assert not any("tests" in job for job in listed)
    wanted = {"name=Shop": ["Shop"], "name=shop": [], "search=SHOP": ["Shop", "B", "A"], "search=b%20of": ["B"]}
    assert wanted == {query: [job["name"] for job in api.get(f"/api/jobs?{query}").json()["items"]] for query in wanted}


def test_a_job_that_makes_no_sense_is_422_and_names_the_field(api: Any, other: Any) -> None:
    job = make_job(api)
    first, second = job["tests"]
    faults: list[tuple[str, Any]] = [
        ("tests", {"tests": []}),
        ("tests", {"tests": [str(uuid7()) for _ in range(10_000)]}),
        ("tests", {"tests": None}),
        ("tests.1", {"tests": [first, first]}),
        ("tests.1", {"tests": [first, str(uuid7())]}),
        ("tests.0", {"tests": ["x", second]}),
        ("tests.0", {"tests": ["\0"]}),
        ("tests.0", {"tests": ["\ud800"]}),
        ("tests.0", {"tests": [first.upper()]}),
        ("tests.0", {"tests": [5]}),
        ("tests.0", {"tests": [save(other)]}),
        ("name", {"name": ""}),
        ("name", {"name": "a\0"}),
        ("name", {"name": "x" * 201}),
        ("description", {"description": "\0"}),
        ("baseUrl", {"baseUrl": "ftp://x"}),
        ("parallelism", {"parallelism": 0}),
        ("parallelism", {"parallelism": 101}),
        ("retries", {"retries": 11}),
        ("timeoutSeconds", {"timeoutSeconds": 841}),
        ("timeoutSeconds", {"timeoutSeconds": 10**30}),
        ("runTimeoutSeconds", {"runTimeoutSeconds": 0}),
        ("runTimeoutSeconds", {"runTimeoutSeconds": 86_401}),
        ("stopAfterFailures", {"stopAfterFailures": 0}),
        ("schedules", {"schedules": 1}),
    ]
    bodies = [{"name": "Other", "tests": [first], **more} for _, more in faults]

    for answers in (
        [odd(api, "POST", "/api/jobs", body) for body in bodies],
        [odd(api, "PUT", f"/api/jobs/{job['id']}", body, **{"if-match": '"1"'}) for body in bodies],
    ):
        assert [(422, PROBLEM, field) for field, _ in faults] == [fault_of(answer) for answer in answers]
    assert [job["name"]] == [each["name"] for each in api.get("/api/jobs").json()["items"]]


def test_an_unknown_job_is_404_whatever_its_id_looks_like(api: Any, other: Any) -> None:
    body = {"name": "A", "tests": [save(api)]}
    for job_id in ("x", str(uuid7()), "%00", make_job(other, 1)["id"]):
        path = f"/api/jobs/{job_id}"
        answers = [api.get(path), put(api, path, body), api("DELETE", path)]
        assert {(404, PROBLEM)} == {(answer.status_code, answer.headers["content-type"]) for answer in answers}


# running one


def test_a_run_of_a_job_is_queued_with_all_of_its_tests(road: Any, api: Any) -> None:
    job = make_job(api, baseUrl="https://example.com", parallelism=1, retries=2, timeoutSeconds=7, stopAfterFailures=1)

    answer = api.post("/api/jobs/run", json={"jobId": job["id"], "variables": {"WHO": "ada"}})

    run_id = answer.json()["runId"]
    assert (202, job["id"], "queued") == (answer.status_code, answer.json()["jobId"], answer.json()["status"])
    assert {
        "self": f"/api/runs/{run_id}",
        "events": f"/api/job-status/sse/{run_id}",
        "report": f"/api/test-results/jobs/{run_id}/report/",
        "console": f"/api/runs/{run_id}/console",
    } == answer.json()["links"]
    assert ["run queued"] == road.told(run_id)
    assert [run_id] == [order.run_id for order in road.plans()]
    assert [] == road.orders()
    run = api.get(f"/api/runs/{run_id}").json()
    assert ("job", "Nightly", job["id"], 1, 1) == (
        run["kind"],
        run["title"],
        run["jobId"],
        run["parallelism"],
        run["stopAfterFailures"],
    )
    assert [("T0", job["tests"][0], 1), ("T1", job["tests"][1], 1)] == [
        (test["title"], test["savedTestId"], test["testVersion"]) for test in run["tests"]
    ]
    first, _ = bootstrap.runs().orders(run_id)
    assert (f"// 0\n{SCRIPT}", "https://example.com", 7, 2, {"WHO": "ada"}) == (
        first.script,
        first.base_url,
        first.timeout_seconds,
        first.retries,
        opened(first),
    )


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ({"parallelism": 2, "timeoutSeconds": 40}, 2 * (40 + 60) + 300),
        ({"parallelism": 100, "timeoutSeconds": 840}, 900 + 300),
        ({"runTimeoutSeconds": 33}, 33),
    ],
)
def test_a_run_has_a_deadline(api: Any, more: Any, seconds: int) -> None:
    run = api.get(f"/api/runs/{start(api, make_job(api, 3, **more))}").json()

    took = datetime.fromisoformat(run["deadlineAt"]) - datetime.fromisoformat(run["createdAt"])
    assert timedelta(seconds=seconds) == took


def test_a_run_may_have_other_tests_than_its_job(road: Any, api: Any) -> None:
    """A saved test, as it is, retitled, or rescripted; a script that nobody saved; in the order given."""
    job, more = make_job(api), save(api, "More")
    items = [
        {"id": more},
        {"title": "Inline", "script": "await 1", "language": "javascript"},
        {"id": job["tests"][1], "title": "Again"},
        {"id": job["tests"][0], "script": "// other"},
    ]

    run_id = start(api, job, tests=items)

    run = api.get(f"/api/runs/{run_id}").json()
    assert [
        ("More", more, 1),
        ("Inline", None, None),
        ("Again", job["tests"][1], 1),
        ("T0", job["tests"][0], None),
    ] == [(test["title"], test.get("savedTestId"), test.get("testVersion")) for test in run["tests"]]
    scripts = [(order.script, order.language, order.module) for order in bootstrap.runs().orders(run_id)]
    assert ("await 1", "javascript", True) == scripts[1]
    assert "// other" == scripts[3][0]
    assert 1 == len(road.plans())


def test_a_run_that_makes_no_sense_is_422_and_names_the_field(road: Any, api: Any, other: Any) -> None:
    job, foreign = make_job(api), save(other)
    first = job["tests"][0]
    faults: list[tuple[str, Any]] = [
        ("jobId", {"jobId": None}),
        ("jobId", {"jobId": "x"}),
        ("jobId", {"jobId": str(uuid7())}),
        ("jobId", {"jobId": "\0"}),
        ("jobId", {"jobId": make_job(other, [foreign])["id"]}),
        ("tests", {"tests": []}),
        ("tests", {"tests": [{"title": "A", "script": "//"}] * 10_000}),
        ("tests.0", {"tests": [{}]}),
        ("tests.1", {"tests": [{"id": first}, {"title": "A"}]}),
        ("tests.0", {"tests": [{"script": "//"}]}),
        ("tests.0", {"tests": [{"id": first, "language": "javascript"}]}),
        ("tests.0.title", {"tests": [{"id": first, "title": " "}]}),
        ("tests.0.title", {"tests": [{"id": first, "title": "\ud800"}]}),
        ("tests.0.id", {"tests": [{"id": "x"}]}),
        ("tests.0.id", {"tests": [{"id": "\0"}]}),
        ("tests.1.id", {"tests": [{"id": first}, {"id": foreign}]}),
        ("tests.1.id", {"tests": [{"id": first}, {"id": first}]}),
        ("tests.0.parallel", {"tests": [{"id": first, "parallel": 1}]}),
        ("variables", {"variables": {"PATH": "x"}}),
        ("variables", {"variables": {"A": "\ud800"}}),
        ("timeoutSeconds", {"timeoutSeconds": 1}),
    ]

    answers = [odd(api, "POST", "/api/jobs/run", {"jobId": job["id"], **more}) for _, more in faults]

    assert [(422, PROBLEM, field) for field, _ in faults] == [fault_of(answer) for answer in answers]
    assert ([], []) == (api.get("/api/runs").json()["items"], road.plans())


def test_a_script_that_does_not_parse_is_named_with_its_place(api: Any) -> None:
    items = [{"title": "A", "script": "//"}, {"title": "B", "script": "test(\n  ;"}]

    answer = api.post("/api/jobs/run", json={"jobId": make_job(api, 1)["id"], "tests": items})

    assert (422, "tests.1.script", 2, 3) == (
        answer.status_code,
        answer.json()["field"],
        answer.json()["line"],
        answer.json()["column"],
    )
    assert answer.json()["detail"].startswith("tests.1.script: Line 2, column 3: ")


def test_a_job_that_lost_its_tests_is_not_run(api: Any) -> None:
    job = make_job(api, 1)
    api("DELETE", f"/api/tests/{job['tests'][0]}?force=true")

    assert 409 == api.post("/api/jobs/run", json={"jobId": job["id"]}).status_code


def test_the_scripts_of_a_run_may_have_5_mb_and_no_more(api: Any) -> None:
    job = make_job(api, 1)
    items = [{"title": f"T{n}", "script": "//" + "x" * 950_000} for n in range(5)]

    taken = api.post("/api/jobs/run", json={"jobId": job["id"], "tests": items})
    refused = api.post("/api/jobs/run", json={"jobId": job["id"], "tests": [*items, items[0]]})

    assert [202, 413] == [taken.status_code, refused.status_code]


def test_the_same_idempotency_key_starts_one_run(road: Any, api: Any) -> None:
    job, headers = make_job(api), {"idempotency-key": "k1"}
    body = {"jobId": job["id"]}

    answers = [api.post("/api/jobs/run", json=body, headers=headers) for _ in range(2)]
    changed = api.post("/api/jobs/run", json=body | {"variables": {"A": "b"}}, headers=headers)
    elsewhere = api.post(f"/api/tests/{job['tests'][0]}/run", json={}, headers=headers)

    assert answers[0].json() == answers[1].json()
    assert [409, 409] == [changed.status_code, elsewhere.status_code]
    assert 1 == len(api.get("/api/runs").json()["items"])
    assert {answers[0].json()["runId"]} == {order.run_id for order in road.plans()}
    assert ["run queued"] == road.told(answers[0].json()["runId"])


def test_a_run_that_could_not_be_queued_is_saved_and_its_repetition_queues_it(
    road: Any, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, headers = make_job(api), {"idempotency-key": "k1"}

    def broken(_order: Any) -> None:
        raise LiveUnavailableError

    with monkeypatch.context() as down:
        down.setattr(bootstrap.job_queue(), "send", broken)
        refused = api.post("/api/jobs/run", json={"jobId": job["id"]}, headers=headers)
    taken = api.post("/api/jobs/run", json={"jobId": job["id"]}, headers=headers)

    assert [503, 202] == [refused.status_code, taken.status_code]
    assert refused.json()["runId"] == taken.json()["runId"]
    assert [taken.json()["runId"]] == [order.run_id for order in road.plans()]


def test_a_repetition_of_what_is_planned_sends_no_further_order(road: Any, api: Any) -> None:
    job, headers = make_job(api), {"idempotency-key": "k1"}
    run_id = api.post("/api/jobs/run", json={"jobId": job["id"]}, headers=headers).json()["runId"]
    bootstrap.planner().plan(road.workspace_id, run_id)
    road.plans()

    api.post("/api/jobs/run", json={"jobId": job["id"]}, headers=headers)

    assert [] == road.plans()


def test_a_run_of_a_thousand_tests_is_taken_in_seconds(road: Any, api: Any) -> None:
    common: Any = {"description": "", "tags": (), "path": None, "language": Language.TYPESCRIPT, "module": False}
    drafts = [TestDraft(title=f"T{n}", script=f"// {n}\n{SCRIPT}", **common) for n in range(1_000)]
    job = make_job(api, [bootstrap.tests().create(road.workspace_id, draft).id for draft in drafts])

    begun = time.monotonic()
    run_id = start(api, job)
    took = time.monotonic() - begun

    tests = api.get(f"/api/runs/{run_id}").json()["tests"]
    assert [f"T{n}" for n in range(1_000)] == [test["title"] for test in tests]
    assert took < 5


def test_runs_are_listed_by_job_and_by_trigger(api: Any) -> None:
    first = make_job(api, 1)
    second = make_job(api, first["tests"], name="Other")
    runs = [start(api, job) for job in (first, second, first)]
    wanted = {f"jobId={first['id']}": [runs[2], runs[0]], "trigger=api": runs[::-1], "trigger=schedule": []}

    assert wanted == {query: [run["id"] for run in api.get(f"/api/runs?{query}").json()["items"]] for query in wanted}
    assert [422, 422] == [api.get(f"/api/runs?{query}").status_code for query in ("jobId=x", "trigger=x")]


# again


def ended(road: Any, api: Any, statuses: list[str]) -> Run:
    """A run of a job whose tests ended so; None of them is left open."""
    run: Run = road.run(start(api, make_job(api, len(statuses), parallelism=5), variables={"WHO": "ada"}))
    bootstrap.planner().plan(road.workspace_id, run.id)
    for number, status in enumerate(statuses):
        road.end(run, number, status=status)
    return run


def test_what_failed_is_run_again_as_it_was(road: Any, api: Any) -> None:
    old = ended(road, api, ["failed", "passed", "error", "timed_out", "flaky", "skipped", "cancelled"])
    shown = api.get(f"/api/runs/{old.id}").json()
    put(api, f"/api/tests/{shown['tests'][0]['savedTestId']}", {"title": "New", "script": "// new"})

    answer = api.post(f"/api/runs/{old.id}/rerun", json={"only": "failed"})

    assert (202, shown["jobId"], "queued") == (answer.status_code, answer.json()["jobId"], answer.json()["status"])
    new = api.get(f"/api/runs/{answer.json()['runId']}").json()
    assert (old.id, shown["jobId"], "job", 5) == (new["rerunOf"], new["jobId"], new["kind"], new["parallelism"])
    assert ["T0", "T2", "T3", "T6"] == [test["title"] for test in new["tests"]]
    orders = bootstrap.runs().orders(new["id"])
    assert (f"// 0\n{SCRIPT}", {"WHO": "ada"}) == (orders[0].script, opened(orders[0]))
    assert new["id"] in [order.run_id for order in road.plans()]


def test_all_are_run_again_in_their_order(road: Any, api: Any) -> None:
    old = ended(road, api, ["passed", "failed", "passed"])

    answer = api.post(f"/api/runs/{old.id}/rerun", json={"only": "all"})

    new = api.get(f"/api/runs/{answer.json()['runId']}").json()
    assert ["T0", "T1", "T2"] == [test["title"] for test in new["tests"]]


def test_what_was_not_begun_for_others_failures_is_run_again_too(road: Any, api: Any) -> None:
    job = make_job(api, 3, parallelism=1, stopAfterFailures=1)
    run = road.run(start(api, job))
    bootstrap.planner().plan(road.workspace_id, run.id)
    (order,) = road.orders()
    begun = next(at for at, test in enumerate(run.tests) if test.id == order.test_id)
    road.end(run, begun, status="failed")
    assert ["failed", "skipped", "skipped"] == sorted(road.statuses(run))

    answer = api.post(f"/api/runs/{run.id}/rerun", json={"only": "failed"})

    assert 3 == api.get(f"/api/runs/{answer.json()['runId']}").json()["counts"]["total"]


def test_a_single_scripts_run_is_run_again_as_one(road: Any, api: Any) -> None:
    old = api.post("/api/test", json={"script": SCRIPT, "title": "Mine", "variables": {"A": "b"}}).json()["testId"]
    road.orders()
    road.finish(old, "failed")
    road.stream()
    headers = {"idempotency-key": "k"}

    answers = [api.post(f"/api/runs/{old}/rerun", json={"only": "failed"}, headers=headers) for _ in range(2)]

    new = answers[0].json()["runId"]
    assert answers[0].json() == answers[1].json()
    (order,) = road.orders()
    assert (new, new, "Mine", {"A": "b"}) == (order.run_id, order.test_id, order.title, opened(order))
    assert ("test", old) == tuple(api.get(f"/api/runs/{new}").json()[name] for name in ("kind", "rerunOf"))


def test_what_cannot_be_run_again_is_refused(road: Any, api: Any, other: Any) -> None:
    still_open = start(api, make_job(api))
    passed = api.post("/api/test", json={"script": SCRIPT}).json()["testId"]
    road.finish(passed)
    road.stream()

    def again(client: Any, run_id: str, body: Any) -> Any:
        return client.post(f"/api/runs/{run_id}/rerun", json=body)

    assert 409 == again(api, still_open, {"only": "all"}).status_code
    assert 409 == again(api, passed, {"only": "failed"}).status_code
    assert 404 == again(other, passed, {"only": "all"}).status_code
    assert [404, 404] == [again(api, run_id, {"only": "all"}).status_code for run_id in ("x", str(uuid7()))]
    assert ["only", "only"] == [fault_of(again(api, passed, body))[2] for body in ({}, {"only": "some"})]


# console


def test_a_jobs_console_has_each_test_below_its_title_or_one_alone(road: Any, api: Any) -> None:
    run = road.run(start(api, make_job(api, 3)))
    texts = {run.tests[0].id: b"one\n", run.tests[2].id: "drei ä\n".encode()}
    for test_id, text in texts.items():
        key = f"runs/{road.workspace_id}/{run.id}/tests/{test_id}/console.txt"
        bootstrap.artifacts().put_bytes(key, text, content_type="text/plain")

    whole = api.get(f"/api/runs/{run.id}/console").text
    alone = api.get(f"/api/runs/{run.id}/console?test={run.tests[2].id}").text

    assert "── T0 ──\none\n\n── T1 ──\n\n── T2 ──\ndrei ä\n\n" == whole
    assert "drei ä\n" == alone
    assert [404, 404] == [api.get(f"/api/runs/{run.id}/console?test={each}").status_code for each in ("x", "%00")]


def test_a_console_too_long_for_one_answer_is_cut_and_says_so(road: Any, api: Any) -> None:
    run = road.run(start(api, make_job(api, 4)))
    for test in run.tests:
        key = f"runs/{road.workspace_id}/{run.id}/tests/{test.id}/console.txt"
        bootstrap.artifacts().put_bytes(key, b"x" * 1_900_000, content_type="text/plain")

    answer = api.get(f"/api/runs/{run.id}/console")

    assert 5_000_000 < len(answer.content) < 5_001_000
    assert answer.text.rstrip().endswith("There is more. Ask for one test at a time, with ?test= and its id. ──")
