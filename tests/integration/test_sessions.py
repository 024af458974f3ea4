"""Browsers: signing in and out, and what a session may do."""

import hashlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.report_proxy.app import create_app as report_proxy
from functions.status_stream.app import create_app as status_stream
from functions.submit.app import create_app
from matinee import bootstrap
from matinee.model.work import Event
from matinee.stores.artifacts import report_prefix

SCRIPT = "import { test } from '@playwright/test';\ntest('a', async () => {});\n"
PROBLEM = "application/problem+json"


@pytest.fixture
def outside(client_of: Callable[..., Any]) -> Any:
    """A client without a key or a session."""
    return client_of(create_app())


@pytest.fixture
def browser(road: Any, outside: Any, client_of: Callable[..., Any]) -> Any:
    """A browser that is signed in, on one of our own pages."""
    return client_of(create_app(), headers=cookies_of(sign_in(outside, key=road.key)))


def sign_in(client: Any, *, headers: dict[str, str] | None = None, **body: str) -> Any:
    answer = client.post("/api/session", json=body, headers=headers or {})
    assert 200 == answer.status_code, answer.text
    return answer


def cookies_of(answer: Any) -> dict[str, str]:
    """What the browser sends from our own pages after this answer."""
    return {"cookie": answer.headers["set-cookie"].partition(";")[0], "sec-fetch-site": "same-origin"}


def link_of(client: Any) -> str:
    answer = client.post("/api/session/links")
    assert 201 == answer.status_code, answer.text
    page, _, token = answer.json()["path"].partition("#")
    assert "/sign-in" == page
    return str(token)


def shift(column: str, seconds: float, *, of: str) -> None:
    """Let a moment in the life of all rows be so many seconds from now."""
    statement = f"UPDATE {of} SET {column} = now() + make_interval(secs => %s)"
    with bootstrap.database().transaction() as connection:
        connection.execute(statement, [seconds])  # type: ignore[arg-type] # our own names


def rows(table: str) -> list[Any]:
    with bootstrap.database().transaction() as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()  # type: ignore[arg-type] # our own names


# signing in


def test_a_key_makes_a_session_of_itself(road: Any, outside: Any) -> None:
    answer = sign_in(outside, key=road.key)

    session = answer.json()
    key = bootstrap.keys().principal_of(road.key)
    assert key is not None
    assert {"workspace", "role", "key", "createdAt", "expiresAt"} == session.keys()
    assert {"id": road.workspace_id, "name": "Default"} == session["workspace"]
    assert "owner" == session["role"]
    assert {"id": key.key_id, "name": "tests", "prefix": road.key[:10]} == session["key"]
    lasts = datetime.fromisoformat(session["expiresAt"]) - datetime.fromisoformat(session["createdAt"])
    assert timedelta(days=30) == lasts
    assert session == outside.get("/api/session", headers=cookies_of(answer)).json()


@pytest.mark.parametrize(
    ("headers", "secure"), [({}, False), ({"x-forwarded-proto": "https"}, True), ({"x-forwarded-proto": "http"}, False)]
)
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    road: Any, outside: Any, headers: dict[str, str], *, secure: bool
) -> None:
    name, *attributes = sign_in(outside, headers=headers, key=road.key).headers["set-cookie"].split("; ")

    assert name.startswith("matinee_session=ms_")
    assert {"HttpOnly", "Path=/api", "SameSite=strict", "Max-Age=2592000", *(["Secure"] if secure else [])} == set(
        attributes
    )


def test_a_session_and_its_cookie_end_with_their_key_at_the_latest(road: Any, outside: Any) -> None:
    ends = datetime.now(UTC) + timedelta(hours=2)
    key = bootstrap.keys().create(road.workspace_id, "brief", expires_at=ends)

    answer = sign_in(outside, key=key)

    assert ends == datetime.fromisoformat(answer.json()["expiresAt"])
    (age,) = [part for part in answer.headers["set-cookie"].split("; ") if part.startswith("Max-Age=")]
    assert 7100 < int(age.removeprefix("Max-Age=")) <= 7200


def test_only_the_hash_of_a_session_is_kept_and_neither_it_nor_the_key_is_logged(
    road: Any, outside: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    answer = sign_in(outside, key=road.key)

    token = cookies_of(answer)["cookie"].partition("=")[2]
    (row,) = rows("sessions")
    assert (46, hashlib.sha256(token.encode()).digest()) == (len(token), row["hash"])
    assert token not in repr(row)
    assert caplog.text
    assert not [secret for secret in (token, road.key) if secret in caplog.text + answer.text]


def test_a_key_that_is_wrong_revoked_or_expired_signs_nobody_in(road: Any, outside: Any) -> None:
    expired = bootstrap.keys().create(road.workspace_id, "old", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    revoked = bootstrap.keys().create(road.workspace_id, "gone")
    with bootstrap.database().transaction() as connection:
        connection.execute("UPDATE api_keys SET revoked_at = now() WHERE name = 'gone'")

    answers = [outside.post("/api/session", json={"key": key}) for key in ("mt_wrong", road.key[:-1], expired, revoked)]

    assert {(401, PROBLEM)} == {(answer.status_code, answer.headers["content-type"]) for answer in answers}
    assert {"This key does not open Matinee: it is mistyped, was revoked, or has expired."} == {
        answer.json()["detail"] for answer in answers
    }
    assert not [answer for answer in answers if "set-cookie" in answer.headers]
    assert [] == rows("sessions")


def test_one_of_key_and_link_is_sent(road: Any, outside: Any) -> None:
    bodies: list[Any] = [{}, {"key": road.key, "link": "ml_x"}, {"key": None}, {"key": ""}, {"key": "a\0"}, {"link": 5}]
    bodies += [{"key": road.key, "more": 1}, {"key": "x" * 201}]

    answers = [outside.post("/api/session", json=body) for body in bodies]
    answers.append(
        outside.post("/api/session", content='{"key": "\\ud800"}', headers={"content-type": "application/json"})
    )

    assert {(422, PROBLEM)} == {(answer.status_code, answer.headers["content-type"]) for answer in answers}
    assert road.key not in "".join(answer.text for answer in answers)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_no_form_signs_anybody_in(road: Any, outside: Any, kind: str | None) -> None:
    """Another site's page can send these without asking; JSON it cannot."""
    headers = {"content-type": kind} if kind else {}

    answer = outside.post("/api/session", content=f'{{"key": "{road.key}"}}'.encode(), headers=headers)

    assert (422, False) == (answer.status_code, "set-cookie" in answer.headers)
    assert [] == rows("sessions")


@pytest.mark.parametrize(
    ("site", "status"), [("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)]
)
def test_another_page_signs_nobody_in(road: Any, outside: Any, site: str, status: int) -> None:
    answer = outside.post("/api/session", json={"key": road.key}, headers={"sec-fetch-site": site})

    assert (status, status == 200) == (answer.status_code, "set-cookie" in answer.headers)


def test_who_signs_in_anew_leaves_no_session_behind(road: Any, outside: Any) -> None:
    former = cookies_of(sign_in(outside, key=road.key))

    present = cookies_of(sign_in(outside, headers=former, key=road.key))

    assert [401, 200] == [outside.get("/api/session", headers=headers).status_code for headers in (former, present)]


# links


@pytest.mark.parametrize("who", ["api", "browser"])
def test_a_link_makes_one_session_of_the_same_key(outside: Any, who: str, request: pytest.FixtureRequest) -> None:
    asks = request.getfixturevalue(who)
    answer = asks.post("/api/session/links")
    token = answer.json()["path"].removeprefix("/sign-in#")

    session = sign_in(outside, link=token)
    again = outside.post("/api/session", json={"link": token})

    assert (201, {"path", "expiresAt"}) == (answer.status_code, answer.json().keys())
    left = datetime.fromisoformat(answer.json()["expiresAt"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert "tests" == session.json()["key"]["name"]
    assert 200 == outside.get("/api/runs", headers=cookies_of(session)).status_code
    assert (401, PROBLEM, False) == (again.status_code, again.headers["content-type"], "set-cookie" in again.headers)
    assert again.json()["detail"].startswith("This link was used, or has expired. ")


def test_of_many_who_use_a_link_at_once_one_comes_in(api: Any, outside: Any) -> None:
    token = link_of(api)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: outside.post("/api/session", json={"link": token}).status_code, range(12)))

    assert [200] + [401] * 11 == sorted(answers)
    assert 1 == len(rows("sessions"))


def test_a_link_that_has_expired_or_whose_key_works_no_more_signs_nobody_in(api: Any, outside: Any) -> None:
    expired, orphan = link_of(api), link_of(api)
    with bootstrap.database().transaction() as connection:
        connection.execute(
            "UPDATE sign_in_links SET expires_at = now() WHERE hash = %s", [hashlib.sha256(expired.encode()).digest()]
        )
    answers = [outside.post("/api/session", json={"link": expired})]
    shift("revoked_at", 0, of="api_keys")

    answers += [outside.post("/api/session", json={"link": token}) for token in (orphan, "ml_unknown")]

    assert {(401, answers[0].text)} == {(answer.status_code, answer.text) for answer in answers}


def test_a_link_is_no_session_and_no_key_and_neither_is_a_session(road: Any, api: Any, outside: Any) -> None:
    link, session = link_of(api), cookies_of(sign_in(outside, key=road.key))["cookie"].partition("=")[2]

    tried = [outside.get("/api/runs", headers={"cookie": f"matinee_session={link}"}).status_code]
    tried += [
        outside.get("/api/runs", headers={"authorization": f"Bearer {token}"}).status_code for token in (link, session)
    ]
    tried += [outside.post("/api/session", json={"link": token}).status_code for token in (session, road.key)]
    tried += [outside.post("/api/session", json={"key": token}).status_code for token in (session, link)]

    assert {401} == set(tried)


def test_without_key_or_session_there_is_no_link(road: Any, outside: Any) -> None:
    assert road
    assert 401 == outside.post("/api/session/links").status_code


# how long


def test_signing_out_ends_the_session_and_takes_the_cookie_away(browser: Any) -> None:
    answer = browser("DELETE", "/api/session")

    value, *attributes = answer.headers["set-cookie"].split("; ")
    assert (204, 'matinee_session=""') == (answer.status_code, value)
    assert {"Max-Age=0", "Path=/api", "HttpOnly", "SameSite=strict"} <= set(attributes)
    assert [401, 401] == [browser.get(path).status_code for path in ("/api/session", "/api/runs")]
    assert [] == rows("sessions")
    assert 204 == browser("DELETE", "/api/session").status_code


def test_without_a_session_signing_out_is_no_mistake(road: Any, outside: Any) -> None:
    assert road
    assert 204 == outside("DELETE", "/api/session").status_code
    assert (401, "You are not signed in.") == (
        outside.get("/api/session").status_code,
        outside.get("/api/session").json()["detail"][:22],
    )


@pytest.mark.parametrize(
    ("column", "of"), [("revoked_at", "api_keys"), ("expires_at", "api_keys"), ("expires_at", "sessions")]
)
def test_a_session_dies_with_its_key_and_on_its_day(browser: Any, column: str, of: str) -> None:
    assert 200 == browser.get("/api/runs").status_code

    shift(column, 0, of=of)

    assert [401, 401] == [browser.get(path).status_code for path in ("/api/session", "/api/runs")]


def test_the_use_of_a_session_is_noted_with_its_key_once_a_minute(road: Any, outside: Any, browser: Any) -> None:
    def last_used() -> Any:
        return rows("api_keys")[0]["last_used_at"]

    assert road.key
    first = last_used()
    browser.get("/api/runs")
    assert first == last_used()
    shift("last_used_at", -61, of="api_keys")
    before = last_used()

    assert 200 == browser.get("/api/runs").status_code

    assert first is not None
    assert before < first < last_used()
    assert 401 == outside.get("/api/runs").status_code


def test_sweep_forgets_sessions_and_links_that_have_expired_and_no_others(road: Any, api: Any, outside: Any) -> None:
    for _ in range(2):
        sign_in(outside, key=road.key)
    link_of(api)
    link_of(api)
    with bootstrap.database().transaction() as connection:
        for table in ("sessions", "sign_in_links"):
            connection.execute(  # type: ignore[call-overload] # our own names
                f"UPDATE {table} SET expires_at = now() WHERE hash = (SELECT min(hash) FROM {table})"
            )

    assert 2 == bootstrap.sweeper().sweep()["sessions_forgotten"]
    assert (1, 1) == (len(rows("sessions")), len(rows("sign_in_links")))


# what it may


def test_what_a_person_starts_is_manual_and_what_a_program_starts_is_not(api: Any, browser: Any) -> None:
    test = api.post("/api/tests", json={"title": "Home", "script": SCRIPT}).json()["id"]
    job = api.post("/api/jobs", json={"name": "Nightly", "tests": [test]}).json()["id"]

    def triggers(client: Any) -> list[str]:
        started = [
            client.post("/api/test", json={"script": SCRIPT}).json()["testId"],
            client.post(f"/api/tests/{test}/run", json={}).json()["runId"],
            client.post("/api/jobs/run", json={"jobId": job}).json()["runId"],
        ]
        return [api.get(f"/api/runs/{run_id}").json()["trigger"] for run_id in started]

    assert [["manual"] * 3, ["api"] * 3] == [triggers(client) for client in (browser, api)]


def test_what_a_person_runs_again_is_manual(road: Any, api: Any, browser: Any) -> None:
    run_id = api.post("/api/test", json={"script": SCRIPT}).json()["testId"]
    api.post(f"/api/runs/{run_id}/cancel")
    road.stream()

    again = browser.post(f"/api/runs/{run_id}/rerun", json={"only": "all"}).json()["runId"]

    assert "manual" == api.get(f"/api/runs/{again}").json()["trigger"]


@pytest.mark.parametrize("site", [None, "none", "same-site", "cross-site"])
def test_a_session_changes_nothing_for_another_page(browser: Any, site: str | None) -> None:
    headers = {"sec-fetch-site": site or ""}
    asked: list[tuple[str, str, Any]] = [
        ("POST", "/api/test", {"script": SCRIPT}),
        ("POST", "/api/tests", {"title": "Home", "script": SCRIPT}),
        ("POST", "/api/keys", {"name": "mine"}),
        ("POST", "/api/session/links", None),
        ("DELETE", "/api/session", None),
    ]

    answers = [browser(method, path, json=body, headers=headers) for method, path, body in asked]

    assert {(403, PROBLEM, "urn:matinee:problem:forbidden")} == {
        (answer.status_code, answer.headers["content-type"], answer.json()["type"]) for answer in answers
    }
    assert "Matinee's own pages" in answers[0].json()["detail"]
    assert (200, []) == (browser.get("/api/session").status_code, browser.get("/api/runs").json()["items"])


def test_a_session_sees_its_own_workspace_only(
    api: Any, browser: Any, outside: Any, client_of: Callable[..., Any], new_workspace: Callable[[], str]
) -> None:
    run_id = api.post("/api/test", json={"script": SCRIPT}).json()["testId"]
    foreign = sign_in(outside, key=bootstrap.keys().create(new_workspace(), "other"))
    elsewhere = client_of(create_app(), headers=cookies_of(foreign))

    assert "Other" == foreign.json()["workspace"]["name"]
    assert [200, 404] == [client.get(f"/api/runs/{run_id}").status_code for client in (browser, elsewhere)]


def test_a_session_reads_events_report_and_console(
    road: Any, browser: Any, client_of: Callable[..., Any], outside: Any, new_workspace: Callable[[], str]
) -> None:
    """The report elsewhere, where no session is good for anything. A foreign session finds nothing."""
    run_id = road.submit()
    bootstrap.live().append(run_id, [Event(type="end", at=9, data={"status": "passed"})])
    foreign = cookies_of(sign_in(outside, key=bootstrap.keys().create(new_workspace(), "other")))
    asked = {
        f"/api/test-status/sse/{run_id}": status_stream(),
        f"/api/test-results/tests/{run_id}/report/": report_proxy(),
        f"/api/runs/{run_id}/console": create_app(),
    }

    found = [
        [client_of(app).get(path, headers=sent) for path, app in asked.items()]
        for sent in (browser.headers, foreign, {})
    ]

    assert [[200, 303, 200], [404] * 3, [401] * 3] == [[one.status_code for one in answers] for answers in found]
    assert "event: end" in found[0][0].text
    assert found[0][1].headers["location"].startswith("https://reports.example/reports/tk_")


def test_the_results_for_other_programs_are_given_to_a_session_too(
    road: Any, browser: Any, client_of: Callable[..., Any]
) -> None:
    """The web UI reads them, and lets people take them away; what markup is in them is nothing to a browser."""
    run_id = road.submit()
    prefix = report_prefix(road.workspace_id, run_id)
    bootstrap.artifacts().put_bytes(f"{prefix}results.json", b"{}", content_type="application/json")
    bootstrap.artifacts().put_bytes(f"{prefix}junit.xml", b"<a/>", content_type="application/xml")
    proxy = client_of(report_proxy(), headers=browser.headers | {"accept": "text/html"})

    answers = [proxy.get(f"/api/test-results/tests/{run_id}/report/{name}") for name in ("results.json", "junit.xml")]

    assert [(200, "{}"), (200, "<a/>")] == [(answer.status_code, answer.text) for answer in answers]
    assert {"sandbox; default-src 'none'"} == {answer.headers["content-security-policy"] for answer in answers}


def test_openapi_says_that_a_session_is_as_good_as_a_key_and_where_it_is_refused() -> None:
    document = create_app().openapi()

    schemes = document["components"]["securitySchemes"]
    assert ("cookie", "matinee_session") == (schemes["session"]["in"], schemes["session"]["name"])
    for method, path, forbidden in [
        ("get", "/api/runs", False),
        ("post", "/api/test", True),
        ("delete", "/api/jobs/{job_id}", True),
        ("put", "/api/tests/{test_id}", True),
        ("delete", "/api/session", True),
        ("post", "/api/session", True),
        ("post", "/api/jobs/{job_id}/trigger", False),
    ]:
        operation = document["paths"][path][method]
        assert (path, forbidden) == (path, "403" in operation["responses"])
    assert [{"HTTPBearer": []}, {"session": []}] == document["paths"]["/api/test"]["post"]["security"]
    assert [{"session": []}] == document["paths"]["/api/session"]["get"]["security"]
    assert "security" not in document["paths"]["/api/session"]["post"]


# another token now and then


def kept(answer: Any) -> dict[str, str] | None:
    """What a browser has that was told to keep something, if it was."""
    return cookies_of(answer) if "set-cookie" in answer.headers else None


def test_a_session_gets_another_token_once_an_hour_and_the_former_one_works_until_that_has_come(
    road: Any, outside: Any
) -> None:
    """The answer that brings it may be lost: then the browser asks again with what it has, and gets another."""
    first = cookies_of(sign_in(outside, key=road.key))
    assert kept(outside.get("/api/session", headers=first)) is None
    shift("rotated_at", -3_601, of="sessions")
    second = kept(outside.get("/api/session", headers=first))
    assert second is not None
    assert first != second
    shift("rotated_at", -600, of="sessions")
    third = kept(outside.get("/api/session", headers=first))
    assert third is not None
    assert 200 == outside.get("/api/runs", headers=first).status_code
    assert 200 == outside.get("/api/session", headers=third).status_code
    assert 200 == outside.get("/api/runs", headers=first).status_code, "what was under way goes on"
    shift("rotated_at", -61, of="sessions")

    assert [401, 200] == [outside.get("/api/runs", headers=each).status_code for each in (first, third)]
    assert 1 == len(rows("sessions"))


def test_who_comes_with_a_token_that_was_changed_long_ago_ends_the_session(road: Any, outside: Any) -> None:
    """Two have it then: the browser, and somebody who copied it. Neither is let in any more."""
    copied = cookies_of(sign_in(outside, key=road.key))
    shift("rotated_at", -3_601, of="sessions")
    changed = kept(outside.get("/api/session", headers=copied))
    assert changed is not None
    assert 200 == outside.get("/api/runs", headers=changed).status_code
    shift("rotated_at", -61, of="sessions")

    assert [401, 401] == [outside.get("/api/session", headers=each).status_code for each in (copied, changed)]
    assert [] == rows("sessions")


def test_of_many_tabs_that_ask_at_once_one_gets_the_other_token(road: Any, outside: Any) -> None:
    """All of them go on: a browser keeps what the last answer says, and both are good."""
    cookies = cookies_of(sign_in(outside, key=road.key))
    shift("rotated_at", -3_601, of="sessions")
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: outside.get("/api/session", headers=cookies), range(6)))

    assert {200} == {answer.status_code for answer in answers}
    assert 1 == len([answer for answer in answers if kept(answer)])
    assert 200 == outside.get("/api/runs", headers=cookies).status_code


def test_signing_out_everywhere_ends_each_session_of_the_key_and_no_other(road: Any, outside: Any) -> None:
    others = cookies_of(sign_in(outside, key=bootstrap.keys().create(road.workspace_id, "another")))
    browsers = [cookies_of(sign_in(outside, key=road.key)) for _ in range(3)]

    assert 204 == outside("DELETE", "/api/session?everywhere=true", headers=browsers[0]).status_code
    assert [401, 401, 401, 200] == [
        outside.get("/api/session", headers=each).status_code for each in (*browsers, others)
    ]
