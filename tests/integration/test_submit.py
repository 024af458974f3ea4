import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from uuid_utils import uuid7

from functions.submit import health
from functions.submit.app import create_app
from matinee import bootstrap
from matinee.model.confinement import Confinement
from matinee.model.errors import LiveUnavailableError
from matinee.model.work import Event
from matinee.stores.artifacts import test_prefix as prefix_of_test
from tests.integration.opened import opened

SCRIPT = "import { test } from '@playwright/test';\ntest('a', async ({ page }) => { await page.goto('/'); });\n"


def submit(api: Any, **more: Any) -> str:
    answer = api.post("/api/test", json={"script": SCRIPT, **more})
    assert 202 == answer.status_code, answer.text
    return str(answer.json()["testId"])


def now_ms() -> int:
    return round(datetime.now(UTC).timestamp() * 1000)


# submitting


def test_a_script_is_queued_with_all_that_its_worker_needs(road: Any, api: Any) -> None:
    run_id = submit(
        api, title=" Home ", baseUrl="https://example.com/x", timeoutSeconds=840, retries=2, variables={"WHO": "ada"}
    )

    (order,) = road.orders()
    assert (run_id, run_id, road.workspace_id) == (order.run_id, order.test_id, order.workspace_id)
    assert ("Home", SCRIPT, "typescript", False) == (order.title, order.script, order.language, order.module)
    assert ("https://example.com/x", 840, 2) == (order.base_url, order.timeout_seconds, order.retries)
    assert {"WHO": "ada"} == opened(order)


def test_the_answer_has_the_links_to_what_will_be(api: Any) -> None:
    answer = api.post("/api/test", json={"script": SCRIPT}).json()

    run_id = answer["testId"]
    assert {
        "testId": run_id,
        "status": "queued",
        "links": {
            "self": f"/api/runs/{run_id}",
            "events": f"/api/test-status/sse/{run_id}",
            "report": f"/api/test-results/tests/{run_id}/report/",
            "console": f"/api/runs/{run_id}/console",
        },
    } == answer


def test_queued_is_the_first_event_and_is_there_before_the_order(road: Any, api: Any) -> None:
    run_id = submit(api)

    assert ["run queued"] == road.told(run_id)


def test_a_script_that_a_message_cannot_carry_goes_by_way_of_s3(road: Any, api: Any) -> None:
    script = SCRIPT + "// " + "😀" * 240_000

    run_id = submit(api, script=script)

    (order,) = road.orders()
    assert (None, f"runs/{road.workspace_id}/{run_id}/scripts/{run_id}") == (order.script, order.script_key)
    assert script == bootstrap.artifacts().get_bytes(str(order.script_key)).decode()


@pytest.mark.parametrize("odd", ["\uffff", "\x01", "\u2028", "\x7f", "😀"])
def test_odd_characters_arrive_as_they_were(road: Any, api: Any, odd: str) -> None:
    submit(api, script=f"// {odd}\n{SCRIPT}", variables={"A": odd})

    (order,) = road.orders()
    assert (f"// {odd}\n{SCRIPT}", {"A": odd}) == (order.script, opened(order))


def test_a_module_is_told_to_be_one(road: Any, api: Any) -> None:
    submit(api, script="await 1", language="javascript")

    (order,) = road.orders()
    assert ("javascript", True) == (order.language, order.module)


def test_a_syntax_error_is_answered_with_its_place_and_nothing_is_made(road: Any, api: Any) -> None:
    answer = api.post("/api/test", json={"script": "test('a', () => {\n  foo(;\n})"})

    assert (422, "urn:matinee:problem:script-invalid") == (answer.status_code, answer.json()["type"])
    assert {"line": 2, "column": 7, "message": "Unexpected token"}.items() <= answer.json().items()
    assert ([], []) == (road.orders(), api.get("/api/runs").json()["items"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"script": ""},
        {"script": " \n"},
        {"script": "a\0"},
        {"script": "//" + "x" * 1_000_000},
        {"script": 5},
        {"script": SCRIPT, "title": ""},
        {"script": SCRIPT, "title": "  "},
        {"script": SCRIPT, "title": "a\r\nb"},
        {"script": SCRIPT, "title": "x" * 201},
        {"script": SCRIPT, "timeoutSeconds": 0},
        {"script": SCRIPT, "timeoutSeconds": 841},
        {"script": SCRIPT, "retries": -1},
        {"script": SCRIPT, "retries": 11},
        {"script": SCRIPT, "baseUrl": "example.com"},
        {"script": SCRIPT, "baseUrl": "file:///etc/passwd"},
        {"script": SCRIPT, "baseUrl": "javascript:alert(1)"},
        {"script": SCRIPT, "language": "python"},
        {"script": SCRIPT, "variables": {"NODE_OPTIONS": "-r x"}},
        {"script": SCRIPT, "variables": {"A": 1}},
        {"script": SCRIPT, "variables": {"A": "\0"}},
        {"script": SCRIPT, "unknown": 1},
        {"script": SCRIPT, "timeout_seconds": 5, "timeoutSeconds": 5},
        [],
        "x",
        None,
    ],
)
def test_what_cannot_be_run_is_422_and_nothing_is_made(road: Any, api: Any, body: Any) -> None:
    answer = api.post("/api/test", json=body)

    assert (422, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert [] == road.orders()


@pytest.mark.parametrize(
    "more", [{"script": "// \ud800"}, {"title": "\ud800"}, {"variables": {"A": "\udfff"}}, {"baseUrl": "http://\ud800"}]
)
def test_half_a_surrogate_pair_is_422(api: Any, more: Any) -> None:
    content = json.dumps({"script": SCRIPT, **more})

    assert 422 == api.post("/api/test", content=content, headers={"content-type": "application/json"}).status_code


def test_more_than_two_megabytes_are_413(api: Any) -> None:
    assert 413 == api.post("/api/test", json={"script": "x" * 2_000_000}).status_code


def test_a_megabyte_of_script_is_taken_however_it_is_escaped(road: Any, api: Any) -> None:
    submit(api, script="//" + '"' * 999_000)

    (order,) = road.orders()
    assert order.script_key


def test_another_workspaces_run_is_not_found(
    api: Any, client_of: Callable[..., Any], new_workspace: Callable[[], str]
) -> None:
    run_id = submit(api)
    key = bootstrap.keys().create(new_workspace(), "other")
    other = client_of(create_app(), headers={"authorization": f"Bearer {key}"})

    asked = [("GET", ""), ("GET", "/console"), ("POST", "/cancel"), ("POST", "/tickets")]
    assert {404} == {other(method, f"/api/runs/{run_id}{path}").status_code for method, path in asked}
    assert [] == other.get("/api/runs").json()["items"]


# once, and not lost


def test_the_same_idempotency_key_starts_one_run(road: Any, api: Any) -> None:
    headers = {"idempotency-key": "k1"}
    first, again = (api.post("/api/test", json={"script": SCRIPT}, headers=headers).json() for _ in range(2))

    assert first == again
    assert 1 == len(road.orders())


def test_the_same_idempotency_key_with_another_script_is_a_conflict(api: Any) -> None:
    headers = {"idempotency-key": "k1"}
    api.post("/api/test", json={"script": SCRIPT}, headers=headers)

    assert 409 == api.post("/api/test", json={"script": "// other"}, headers=headers).status_code


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_an_idempotency_key_has_a_length(api: Any, key: str) -> None:
    assert 422 == api.post("/api/test", json={"script": SCRIPT}, headers={"idempotency-key": key}).status_code


def test_a_run_that_could_not_be_queued_is_saved_and_its_repetition_queues_it(road: Any, api: Any) -> None:
    """The first answer names the run; the same request with the same key, once the queue is back, finishes the work."""
    headers = {"idempotency-key": "k1"}
    send = bootstrap.test_queue().send

    def broken(_order: Any) -> None:
        raise LiveUnavailableError

    bootstrap.test_queue().send = broken  # type: ignore[method-assign] - the queue is down
    down = api.post("/api/test", json={"script": SCRIPT}, headers=headers)
    bootstrap.test_queue().send = send  # type: ignore[method-assign] - and up again
    up = api.post("/api/test", json={"script": SCRIPT}, headers=headers)

    assert [503, 202] == [down.status_code, up.status_code]
    assert down.json()["runId"] == up.json()["testId"]
    assert down.json()["runId"] in down.json()["detail"]
    assert 1 == len(road.orders())
    assert ["run queued"] == road.told(up.json()["testId"])


# reading


def test_a_run_is_shown_with_its_tests_and_without_what_is_not_known(api: Any) -> None:
    run_id = submit(api, title="Home")

    run = api.get(f"/api/runs/{run_id}").json()

    assert run_id == run["id"] == run["tests"][0]["id"]
    assert ("test", "queued", "api", "Home") == (run["kind"], run["status"], run["trigger"], run["title"])
    assert {"total": 1, "passed": 0, "failed": 0, "flaky": 0, "skipped": 0, "error": 0} == run["counts"]
    assert {"self", "events", "console"} == run["links"].keys()
    assert not {"startedAt", "endedAt", "durationMs", "reason", "message"} & run.keys()
    assert "script" not in json.dumps(run)


def test_a_finished_run_has_its_result_and_its_reports_link(road: Any, api: Any) -> None:
    run_id = submit(api)
    road.claim(run_id)
    road.finish(run_id, duration_ms=1234)
    road.report(run_id)
    road.stream()

    run = api.get(f"/api/runs/{run_id}").json()

    assert ("passed", 1234, 1) == (run["status"], run["tests"][0]["durationMs"], run["counts"]["passed"])
    report = f"/api/test-results/tests/{run_id}/report/"
    assert [report, f"{report}junit.xml", f"{report}results.json"] == [
        run["links"][name] for name in ("report", "junit", "results")
    ]
    assert run["endedAt"].endswith("Z")


def test_runs_are_listed_newest_first_in_pages(api: Any) -> None:
    ids = [submit(api) for _ in range(3)]

    first = api.get("/api/runs?limit=2").json()
    second = api.get(f"/api/runs?limit=2&cursor={first['nextCursor']}").json()

    assert ids[::-1] == [run["id"] for run in first["items"] + second["items"]]
    assert "nextCursor" not in second
    assert "tests" not in first["items"][0]


def test_a_list_is_narrowed_by_several_statuses(road: Any, api: Any) -> None:
    ended, queued = submit(api), submit(api)
    road.finish(ended)
    road.stream()

    def found(query: str) -> list[str]:
        return [run["id"] for run in api.get(f"/api/runs?{query}").json()["items"]]

    assert [queued, ended] == found("status=queued&status=passed")
    assert [ended] == found("status=passed&kind=test")
    assert [] == found("kind=job")


@pytest.mark.parametrize(
    ("query", "status"),
    [("limit=0", 422), ("limit=201", 422), ("status=odd", 422), ("kind=odd", 422), ("cursor=odd", 400)],
)
def test_a_list_that_makes_no_sense_is_refused(api: Any, query: str, status: int) -> None:
    assert status == api.get(f"/api/runs?{query}").status_code


@pytest.mark.parametrize("run_id", ["x", "0", str(uuid7()), "..%2f..", "%00", "é"])
def test_an_unknown_run_is_404_whatever_its_id_looks_like(api: Any, run_id: str) -> None:
    assert {404} == {api.get(f"/api/runs/{run_id}{path}").status_code for path in ("", "/console")}
    assert {404} == {api.post(f"/api/runs/{run_id}{path}").status_code for path in ("/cancel", "/tickets")}


# cancelling


def test_a_queued_run_is_cancelled_at_once(road: Any, api: Any) -> None:
    run_id = submit(api)

    answer = api.post(f"/api/runs/{run_id}/cancel")
    road.stream()

    assert (202, "queued") == (answer.status_code, answer.json()["status"])
    run = api.get(f"/api/runs/{run_id}").json()
    assert ("cancelled", "cancelled") == (run["status"], run["reason"])
    assert "startedAt" not in run
    assert ["run queued", "run cancelled", "end cancelled"] == road.told(run_id)


def test_a_running_run_is_cancelled_by_its_worker(road: Any, api: Any) -> None:
    run_id = submit(api)
    road.claim(run_id)
    road.stream()

    answer = api.post(f"/api/runs/{run_id}/cancel")
    road.stream()

    assert (202, "running") == (answer.status_code, answer.json()["status"])
    assert "cancelRequestedAt" in answer.json()
    assert bootstrap.live().renew(run_id, run_id, owner="worker", now=now_ms(), lease_ms=1).cancel
    assert "running" == api.get(f"/api/runs/{run_id}").json()["status"]


def test_a_run_whose_worker_is_gone_is_cancelled_at_once(road: Any, api: Any) -> None:
    run_id = submit(api)
    road.claim(run_id, ago_s=60, lease_s=1)

    api.post(f"/api/runs/{run_id}/cancel")
    road.stream()

    assert "cancelled" == api.get(f"/api/runs/{run_id}").json()["status"]


def test_cancelling_twice_or_after_the_end_changes_nothing(road: Any, api: Any) -> None:
    run_id = submit(api)
    road.finish(run_id)
    road.stream()
    before = api.get(f"/api/runs/{run_id}").json()

    answers = [api.post(f"/api/runs/{run_id}/cancel") for _ in range(2)]

    assert [200, 200] == [answer.status_code for answer in answers]
    assert [before] * 2 == [answer.json() for answer in answers]


def test_a_cancellation_loses_to_a_result_that_is_already_there(road: Any, api: Any) -> None:
    run_id = submit(api)
    road.claim(run_id)
    road.finish(run_id)

    api.post(f"/api/runs/{run_id}/cancel")
    road.stream()

    assert "passed" == api.get(f"/api/runs/{run_id}").json()["status"]


# console


def test_while_a_run_runs_its_console_is_what_its_events_say(api: Any) -> None:
    run_id = submit(api)
    lines = [
        Event(type="console", at=1, data={"testId": run_id, "stream": "stdout", "text": f"{n} ä\n"}) for n in range(600)
    ]
    bootstrap.live().append(run_id, lines)

    answer = api.get(f"/api/runs/{run_id}/console")

    assert "text/plain; charset=utf-8" == answer.headers["content-type"]
    assert "".join(f"{n} ä\n" for n in range(600)) == answer.text


def test_after_a_run_its_console_is_what_was_kept(road: Any, api: Any) -> None:
    run_id = submit(api)
    key = f"{prefix_of_test(road.workspace_id, run_id, run_id)}console.txt"
    bootstrap.artifacts().put_bytes(key, b"<b>kept</b>\n", content_type="text/plain")

    answer = api.get(f"/api/runs/{run_id}/console")

    assert ("<b>kept</b>\n", "nosniff") == (answer.text, answer.headers["x-content-type-options"])


# tickets


def test_a_ticket_opens_its_own_runs_console_and_no_more(api: Any, client_of: Callable[..., Any]) -> None:
    run_id, other = submit(api), submit(api)
    made = api.post(f"/api/runs/{run_id}/tickets")
    ticket = made.json()["ticket"]
    browser = client_of(create_app())

    assert 201 == made.status_code
    assert f"/api/test-results/tests/{run_id}/report/?ticket={ticket}" == made.json()["report"]
    assert f"/api/test-status/sse/{run_id}?ticket={ticket}" == made.json()["events"]
    assert datetime.fromisoformat(made.json()["expiresAt"]) - datetime.now(UTC) < timedelta(seconds=3601)
    asked = [f"/api/runs/{run_id}/console", f"/api/runs/{other}/console", f"/api/runs/{run_id}", "/api/runs"]
    assert [200, 401, 401, 401] == [browser.get(f"{path}?ticket={ticket}").status_code for path in asked]


# health


@pytest.mark.usefixtures("road")
def test_health_is_ok_when_everything_answers(client_of: Callable[..., Any]) -> None:
    answer = client_of(create_app()).get("/api/health")

    assert (200, "ok", "1.65.1") == (answer.status_code, answer.json()["status"], answer.json()["playwright"])
    assert {"status": "ok"} == answer.json()["checks"]["database"]
    assert {"database", "live", "artifacts", "queue", "schedules"} == answer.json()["checks"].keys()


SOUND = Confinement(sandbox="bubblewrap", own_uid=True, hardened=True, egress="open", in_lambda=False)


@pytest.mark.usefixtures("road")
@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        (None, "warning", "No worker has said yet"),
        (SOUND, "ok", None),
        (SOUND.model_copy(update={"own_uid": False}), "ok", None),
        (SOUND.model_copy(update={"sandbox": "none", "in_lambda": True, "egress": "public"}), "ok", None),
        (SOUND.model_copy(update={"sandbox": "none"}), "warning", "without a sandbox: they read and write"),
        (SOUND.model_copy(update={"sandbox": "uid"}), "warning", "they see the machine's files"),
        (SOUND.model_copy(update={"egress": "off"}), "warning", "Nobody watches over where scripts connect"),
        (SOUND.model_copy(update={"hardened": False}), "warning", "Scripts can call all of the kernel"),
    ],
)
def test_health_tells_how_scripts_are_confined(
    said: Confinement | None, status: str, words: str | None, client_of: Callable[..., Any]
) -> None:
    """As the last worker found it, and in a sentence what is missing; that is a warning, and nothing has failed."""
    if said:
        bootstrap.vitals().confined(said)

    answer = client_of(create_app()).get("/api/health")
    told = answer.json()["sandbox"]

    assert (200, "ok", status) == (answer.status_code, answer.json()["status"], told["status"])
    assert (words or "") in told.get("detail", "")
    assert (words is None) is ("detail" not in told)
    assert not said or (said.sandbox, said.own_uid, said.hardened, said.egress) == (
        told["kind"], told["ownUid"], told["hardened"], told["egress"]
    )  # fmt: skip


def test_health_is_degraded_with_a_sentence_when_a_part_is_gone(road: Any, client_of: Callable[..., Any]) -> None:
    boto3.client("sqs").delete_queue(QueueUrl=road._queue_url)

    answer = client_of(create_app()).get("/api/health")

    assert (503, "degraded") == (answer.status_code, answer.json()["status"])
    failed = {part: check for part, check in answer.json()["checks"].items() if check["status"] != "ok"}
    assert {"queue": {"status": "failed", "detail": "The queue does not answer. Try again in a moment."}} == failed


@pytest.mark.usefixtures("road")
def test_health_waits_for_nothing_longer_than_its_limit(
    client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql:///x?host=/nonexistent")
    bootstrap.reset()
    begun = datetime.now(UTC)

    answer = client_of(create_app()).get("/api/health")

    assert (503, "failed") == (answer.status_code, answer.json()["checks"]["database"]["status"])
    assert (datetime.now(UTC) - begun).total_seconds() < health.LIMIT_S + 1
    assert "nonexistent" not in answer.text


def test_a_database_that_is_down_is_503_and_the_key_is_not_blamed(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql:///x?host=/nonexistent")
    bootstrap.reset()

    assert 503 == api.get("/api/runs").status_code
