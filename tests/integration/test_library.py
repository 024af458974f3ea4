import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from uuid_utils import uuid7

from tests.integration.opened import opened

SCRIPT = "import { test } from '@playwright/test';\ntest('a', async () => {});\n"
PROBLEM = "application/problem+json"


def save(api: Any, **more: Any) -> Any:
    answer = api.post("/api/tests", json={"title": "Home", "script": SCRIPT, **more})
    assert 201 == answer.status_code, answer.text
    return answer.json()


def put(api: Any, path: str, body: Any, version: int | str = 1) -> Any:
    return api("PUT", path, json=body, headers={"if-match": f'"{version}"'})


# tests


def test_a_saved_test_is_read_as_it_was_written(api: Any) -> None:
    body = {"title": " Home ", "description": "a\nb", "script": SCRIPT, "tags": ["x", "y", "x"], "path": "a/b.spec.ts"}

    made = api.post("/api/tests", json=body)
    found = api.get(f"/api/tests/{made.json()['id']}")

    assert (201, '"1"', f"/api/tests/{made.json()['id']}") == (
        made.status_code,
        made.headers["etag"],
        made.headers["location"],
    )
    assert made.json() == found.json()
    assert {
        "version": 1,
        "title": "Home",
        "description": "a\nb",
        "script": SCRIPT,
        "language": "typescript",
        "tags": ["x", "y"],
        "path": "a/b.spec.ts",
    }.items() <= found.json().items()
    assert '"1"' == found.headers["etag"]


def test_a_script_that_does_not_parse_is_not_saved(api: Any) -> None:
    answer = api.post("/api/tests", json={"title": "A", "script": "test('a', () => {\n  foo(;\n})"})

    assert (422, 2, 7) == (answer.status_code, answer.json()["line"], answer.json()["column"])
    assert [] == api.get("/api/tests").json()["items"]


def test_each_save_makes_a_version_that_stays(api: Any) -> None:
    path = f"/api/tests/{save(api)['id']}"

    changed = put(api, path, {"title": "New", "script": "await 1", "language": "javascript"})

    assert (200, '"2"', 2) == (changed.status_code, changed.headers["etag"], changed.json()["version"])
    assert "await 1" == api.get(path).json()["script"]
    listed = api.get(f"{path}/versions").json()["items"]
    assert [(2, "New", "javascript"), (1, "Home", "typescript")] == [
        (each["version"], each["title"], each["language"]) for each in listed
    ]
    assert not any("script" in each for each in listed)
    assert SCRIPT == api.get(f"{path}/versions/1").json()["script"]


def test_versions_come_in_pages(api: Any) -> None:
    path = f"/api/tests/{save(api)['id']}"
    for version in (1, 2):
        put(api, path, {"title": f"T{version}", "script": SCRIPT}, version)

    first = api.get(f"{path}/versions?limit=2").json()
    second = api.get(f"{path}/versions?limit=2&cursor={first['nextCursor']}").json()

    assert [3, 2, 1] == [each["version"] for each in first["items"] + second["items"]]
    assert "nextCursor" not in second


def test_a_save_that_changes_nothing_makes_no_version(api: Any) -> None:
    saved = save(api, tags=["x"], path="p")

    again = put(api, f"/api/tests/{saved['id']}", {"title": "Home", "script": SCRIPT, "tags": ["x"], "path": "p"})

    assert (200, saved) == (again.status_code, again.json())


@pytest.mark.parametrize(
    "change", [{"title": "B"}, {"description": "B"}, {"tags": ["b"]}, {"path": "b"}, {"script": "// b"}]
)
def test_whatever_is_changed_makes_a_version(api: Any, change: Any) -> None:
    saved = save(api)

    changed = put(api, f"/api/tests/{saved['id']}", {"title": "Home", "script": SCRIPT, **change})

    assert 2 == changed.json()["version"]
    assert change.items() <= changed.json().items()


def test_the_second_of_two_editors_is_told_and_overwrites_nothing(api: Any) -> None:
    path = f"/api/tests/{save(api)['id']}"
    put(api, path, {"title": "First", "script": SCRIPT})

    second = put(api, path, {"title": "Second", "script": SCRIPT})

    assert (412, PROBLEM, 2) == (second.status_code, second.headers["content-type"], second.json()["version"])
    assert "First" == api.get(path).json()["title"]


def test_of_many_editors_at_once_one_wins_each_version(api: Any) -> None:
    path = f"/api/tests/{save(api)['id']}"

    with ThreadPoolExecutor(4) as editors:
        answers = list(
            editors.map(lambda n: put(api, path, {"title": f"T{n}", "script": SCRIPT}).status_code, range(8))
        )

    assert [200] + [412] * 7 == sorted(answers)
    assert 2 == api.get(path).json()["version"]


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        (None, 428),
        ("", 400),
        ("1", 400),
        ('"1', 400),
        ('"1", "2"', 400),
        ('"x"', 412),
        ('"0"', 412),
        ('"99999999999999999999"', 412),
        ('"1"', 200),
        (' "1" ', 200),
        ('W/"1"', 200),
        ("*", 200),
    ],
)
def test_a_change_says_what_it_changes(api: Any, if_match: str | None, status: int) -> None:
    path = f"/api/tests/{save(api)['id']}"
    headers = {} if if_match is None else {"if-match": if_match}

    answer = api("PUT", path, json={"title": "B", "script": SCRIPT}, headers=headers)

    assert status == answer.status_code
    assert (status == 200) is (api.get(path).json()["title"] == "B")


def test_one_file_makes_one_test(api: Any) -> None:
    saved, another = save(api, path="a.spec.ts"), save(api)

    twice = api.post("/api/tests", json={"title": "B", "script": SCRIPT, "path": "a.spec.ts"})
    taken = put(api, f"/api/tests/{another['id']}", {"title": "B", "script": SCRIPT, "path": "a.spec.ts"})

    assert [(409, "path")] * 2 == [(answer.status_code, answer.json()["field"]) for answer in (twice, taken)]
    assert [saved["id"]] == [each["id"] for each in api.get("/api/tests?path=a.spec.ts").json()["items"]]


def test_another_workspace_may_have_the_same_file(api: Any, other: Any) -> None:
    assert save(api, path="a.spec.ts")["id"] != save(other, path="a.spec.ts")["id"]


def test_tests_are_listed_newest_first_in_pages_without_their_scripts(api: Any) -> None:
    ids = [save(api, title=f"T{n}")["id"] for n in range(3)]

    first = api.get("/api/tests?limit=2").json()
    second = api.get(f"/api/tests?limit=2&cursor={first['nextCursor']}").json()

    assert ids[::-1] == [each["id"] for each in first["items"] + second["items"]]
    assert "nextCursor" not in second
    assert "script" not in first["items"][0]


def test_a_list_is_narrowed(api: Any) -> None:
    save(api, title="Pay", description="of the cart", tags=["slow", "shop"], path="shop/checkout.spec.ts")
    save(api, title="Cart", tags=["shop"])
    save(api, title="Odd", description="Ä%_")
    wanted = {
        "search=CART": ["Cart", "Pay"],
        "search=ä%25_": ["Odd"],
        "search=%25": ["Odd"],
        "search=checkout.spec": ["Pay"],
        "search=Cart%0Aof": [],
        "tag=shop": ["Cart", "Pay"],
        "tag=shop&tag=slow": ["Pay"],
        "tag=sho": [],
        "path=shop/checkout.spec.ts": ["Pay"],
        "path=shop": [],
        "search=cart&tag=slow": ["Pay"],
    }

    found = {query: api.get(f"/api/tests?{query}").json()["items"] for query in wanted}

    assert wanted == {query: sorted(each["title"] for each in items) for query, items in found.items()}


def test_a_test_that_cannot_be_saved_is_422_and_names_the_field(api: Any) -> None:
    path = f"/api/tests/{save(api)['id']}"
    faults: list[tuple[str, Any]] = [
        ("title", {"title": ""}),
        ("title", {"title": "a\0b"}),
        ("title", {"title": "\ud800"}),
        ("title", {"title": "x" * 201}),
        ("title", {"title": None}),
        ("description", {"description": "a\0b"}),
        ("description", {"description": "\udfff"}),
        ("description", {"description": "x" * 5_001}),
        ("tags", {"tags": [f"t{n}" for n in range(21)]}),
        ("tags.1", {"tags": ["a", "x" * 51]}),
        ("tags.0", {"tags": [" "]}),
        ("tags.0", {"tags": ["\0"]}),
        ("tags.0", {"tags": ["\ud800"]}),
        ("tags", {"tags": "a"}),
        ("path", {"path": "x" * 501}),
        ("path", {"path": "a\0"}),
        ("path", {"path": "\ud800"}),
        ("script", {"script": 5}),
        ("language", {"language": "python"}),
        ("version", {"version": 1}),
    ]
    contents = [json.dumps({"title": "A", "script": SCRIPT, **more}) for _, more in faults]
    headers = {"content-type": "application/json", "if-match": '"1"'}

    for method, where in (("POST", "/api/tests"), ("PUT", path)):
        answers = [api(method, where, content=content, headers=headers) for content in contents]
        assert {(422, PROBLEM)} == {(answer.status_code, answer.headers["content-type"]) for answer in answers}
        assert [field for field, _ in faults] == [answer.json()["errors"][0]["field"] for answer in answers]


def test_a_script_that_nobody_could_run_is_not_saved(api: Any) -> None:
    for script in ("", " ", "a\0", "x" * 1_000_001):
        answer = api.post("/api/tests", json={"title": "A", "script": script})
        assert (422, "urn:matinee:problem:script-invalid") == (answer.status_code, answer.json()["type"])


def test_a_body_that_is_no_json_is_refused(api: Any) -> None:
    headers = {"content-type": "application/json"}
    answers = [api.post("/api/tests", content=content, headers=headers) for content in (b"{", b"", b"\xff", b"[]")]

    assert {PROBLEM} == {answer.headers["content-type"] for answer in answers}
    assert [400, 422, 400, 422] == [answer.status_code for answer in answers]


def test_a_list_that_makes_no_sense_is_refused(api: Any) -> None:
    wanted = {
        "limit=0": 422,
        "limit=x": 422,
        "cursor=odd": 400,
        "cursor=%00": 400,
        "search=%00": 422,
        "search=" + "x" * 201: 422,
    }
    of_tests = wanted | {"tag=%00": 422, "path=%00": 422, "tag=" + "x" * 51: 422}

    assert wanted == {query: api.get(f"/api/jobs?{query}").status_code for query in wanted}
    assert of_tests == {query: api.get(f"/api/tests?{query}").status_code for query in of_tests}
    assert 422 == api.get("/api/jobs?name=%00").status_code


def test_an_unknown_test_is_404_whatever_its_id_looks_like(api: Any) -> None:
    for test_id in ("x", "0", str(uuid7()), "%00", "é", save(api)["id"].upper()):
        path = f"/api/tests/{test_id}"
        answers = [
            api.get(path),
            put(api, path, {"title": "A", "script": SCRIPT}),
            api("DELETE", path),
            api("DELETE", f"{path}?force=true"),
            api.get(f"{path}/versions"),
            api.get(f"{path}/versions/1"),
            api.post(f"{path}/run", json={}),
        ]
        assert {(404, PROBLEM)} == {(answer.status_code, answer.headers["content-type"]) for answer in answers}


def test_a_version_that_there_is_not_is_not_found_or_no_number(api: Any) -> None:
    path = f"/api/tests/{save(api)['id']}/versions"
    wanted = {"2": 404, "0": 422, "x": 422, str(2**31): 422, "9" * 30: 422}

    assert wanted == {version: api.get(f"{path}/{version}").status_code for version in wanted}
    assert 400 == api.get(f"{path}?cursor=x").status_code


def test_another_workspaces_test_is_not_found(api: Any, other: Any) -> None:
    path = f"/api/tests/{save(api)['id']}"
    answers = [
        other.get(path),
        put(other, path, {"title": "A", "script": SCRIPT}),
        other("DELETE", path),
        other.get(f"{path}/versions"),
        other.get(f"{path}/versions/1"),
        other.post(f"{path}/run", json={}),
    ]

    assert {404} == {answer.status_code for answer in answers}
    assert [] == other.get("/api/tests").json()["items"]
    assert 200 == api.get(path).status_code


# running one


def test_a_run_of_a_saved_test_says_which_version_it_ran(road: Any, api: Any) -> None:
    saved = save(api)

    answer = api.post(
        f"/api/tests/{saved['id']}/run",
        json={"baseUrl": "https://example.com", "timeoutSeconds": 7, "retries": 2, "variables": {"WHO": "ada"}},
    )

    run_id = answer.json()["runId"]
    assert (202, saved["id"], "queued") == (answer.status_code, answer.json()["testId"], answer.json()["status"])
    assert f"/api/test-status/sse/{run_id}" == answer.json()["links"]["events"]
    (order,) = road.orders()
    assert (run_id, run_id, SCRIPT, "Home") == (order.run_id, order.test_id, order.script, order.title)
    assert ("https://example.com", 7, 2, {"WHO": "ada"}) == (
        order.base_url,
        order.timeout_seconds,
        order.retries,
        opened(order),
    )
    put(api, f"/api/tests/{saved['id']}", {"title": "New", "script": "// new"})
    (shown,) = api.get(f"/api/runs/{run_id}").json()["tests"]
    assert (saved["id"], 1, "Home") == (shown["savedTestId"], shown["testVersion"], shown["title"])
    assert ["run queued"] == road.told(run_id)


def test_each_run_of_a_test_has_its_own_id_unless_it_is_the_same_request(road: Any, api: Any) -> None:
    path = f"/api/tests/{save(api)['id']}/run"

    free = [api.post(path, json={}).json()["runId"] for _ in range(2)]
    keyed = [api.post(path, json={}, headers={"idempotency-key": "k"}).json()["runId"] for _ in range(2)]
    changed = api.post(path, json={"retries": 1}, headers={"idempotency-key": "k"})

    assert [3, 409] == [len({*free, *keyed}), changed.status_code]
    assert 3 == len(road.orders())


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("timeoutSeconds", {"timeoutSeconds": 841}),
        ("retries", {"retries": 11}),
        ("baseUrl", {"baseUrl": "x"}),
        ("variables", {"variables": {"PATH": "x"}}),
        ("script", {"script": "//"}),
    ],
)
def test_a_saved_test_cannot_be_run_in_a_way_that_makes_no_sense(road: Any, api: Any, field: str, body: Any) -> None:
    answer = api.post(f"/api/tests/{save(api)['id']}/run", json=body)

    assert (422, field) == (answer.status_code, answer.json()["errors"][0]["field"])
    assert [] == road.orders()


# deleting


def test_a_deleted_test_is_gone_with_its_versions_but_its_runs_stay(api: Any) -> None:
    saved = save(api)
    run_id = api.post(f"/api/tests/{saved['id']}/run", json={}).json()["runId"]

    answers = [api("DELETE", f"/api/tests/{saved['id']}") for _ in range(2)]

    assert [204, 404] == [answer.status_code for answer in answers]
    assert b"" == answers[0].content
    assert "already deleted" in answers[1].json()["detail"]
    assert [] == api.get("/api/tests").json()["items"]
    (shown,) = api.get(f"/api/runs/{run_id}").json()["tests"]
    assert ("Home", 1, False) == (shown["title"], shown["testVersion"], "savedTestId" in shown)


def test_a_test_in_use_is_deleted_only_by_force_and_its_jobs_change_with_it(api: Any) -> None:
    first, second = save(api)["id"], save(api)["id"]
    jobs = [
        api.post("/api/jobs", json={"name": name, "tests": tests}).json()
        for name, tests in (("A", [first, second]), ("B", [first]), ("C", [second]))
    ]

    refused = api("DELETE", f"/api/tests/{first}")
    forced = api("DELETE", f"/api/tests/{first}?force=true")

    assert (409, [{"id": job["id"], "name": job["name"]} for job in jobs[:2]]) == (
        refused.status_code,
        refused.json()["jobs"],
    )
    assert 204 == forced.status_code
    assert [([second], 2), ([], 2), ([second], 1)] == [
        (job["tests"], job["version"]) for job in (api.get(f"/api/jobs/{each['id']}").json() for each in jobs)
    ]


def test_force_makes_sense_or_is_refused(api: Any) -> None:
    answer = api("DELETE", f"/api/tests/{save(api)['id']}?force=perhaps")

    assert (422, "force") == (answer.status_code, answer.json()["errors"][0]["field"])


def test_a_test_deleted_while_a_job_takes_it_is_in_the_job_or_the_job_is_refused(api: Any) -> None:
    """Of the two at once, one sees the other; no job has a test that is not there."""
    for number in itertools.count():
        test_id = save(api)["id"]
        body = {"name": f"J{number}", "tests": [test_id]}
        with ThreadPoolExecutor(2) as both:
            deleted = both.submit(api, "DELETE", f"/api/tests/{test_id}")
            made = both.submit(api.post, "/api/jobs", json=body)
        assert {(204, 422), (409, 201)} >= {(deleted.result().status_code, made.result().status_code)}
        if number == 9:
            return
