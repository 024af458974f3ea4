"""Where browsers are shown reports: at another origin, by a ticket in the path, and by nothing else."""

import base64
import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.report_proxy.app import create_app
from matinee import bootstrap
from matinee.http.passes import GOOD_FOR_S
from matinee.model.run import TestStatus
from matinee.stores.artifacts import report_prefix, viewer_prefix
from matinee.usecases.publish import publish

HTML = {"Accept": "text/html,application/xhtml+xml"}
SHA1 = "0123456789abcdef0123456789abcdef01234567"
ORIGIN = "https://reports.example"
#: What no answer of the reports' origin may be without.
SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.fixture
def url(serve: Callable[[Any], str]) -> str:
    return serve(create_app())


@pytest.fixture
def report(url: str, world: Any) -> str:
    """The address of a run's report in the API, which is there."""
    world.finish()
    put(world, "index.html", b"<h1>report</h1>", "text/html")
    put(world, f"data/{SHA1}.zip", bytes(range(256)), "application/zip")
    return address(url, world)


@pytest.fixture
def shown(report: str, url: str, world: Any) -> str:
    """Where a browser with a ticket is shown it."""
    assert report
    return f"{url}/reports/{world.ticket()}/"


def put(world: Any, name: str, data: bytes, kind: str) -> None:
    bootstrap.artifacts().put_bytes(report_prefix(world.workspace_id, world.run.id) + name, data, content_type=kind)


def address(url: str, world: Any) -> str:
    return f"{url}/api/test-results/tests/{world.run.id}/report/"


def session_of(world: Any) -> dict[str, str]:
    """A browser that is signed in with the world's key."""
    return {"cookie": f"matinee_session={bootstrap.sessions().sign_in(world.key).token}"}


def policy_of(answer: httpx.Response) -> dict[str, str]:
    return dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))


# the way there


def test_a_ticket_leads_to_the_reports_origin_and_is_its_path(report: str, url: str, world: Any) -> None:
    """What else was asked goes along; no cookie is set anywhere."""
    ticket = world.ticket()
    first = httpx.get(f"{report}trace/index.html?ticket={ticket}&trace=..%2Fdata%2Fx.zip", headers=HTML)
    final = httpx.get(f"{url}/reports/{ticket}/", headers=HTML)

    there = f"{ORIGIN}/reports/{ticket}/trace/index.html?trace=..%2Fdata%2Fx.zip"
    assert (303, there, "no-store") == (
        first.status_code,
        first.headers["location"],
        first.headers["cache-control"],
    )
    assert (200, "<h1>report</h1>") == (final.status_code, final.text)
    assert [] == [*first.headers.get_list("set-cookie"), *final.headers.get_list("set-cookie")]


def test_a_session_gets_a_ticket_of_its_own_each_time(report: str, url: str, world: Any) -> None:
    """With it, and without the session, the whole report opens."""
    found = [httpx.get(report, headers={**HTML, **session_of(world)}).headers["location"] for _ in range(2)]
    paths = [location.removeprefix(ORIGIN) for location in found]

    assert all(re.fullmatch(r"/reports/tk_[\w-]{43}/", path) for path in paths)
    assert 2 == len(set(paths))
    assert [200, 200] == [httpx.get(f"{url}{paths[0]}{name}").status_code for name in ("", f"data/{SHA1}.zip")]


def test_a_program_with_a_key_is_led_nowhere(report: str, world: Any) -> None:
    """It reads at once, also if it says that it would like a page."""
    answers = [httpx.get(report, headers={**world.authorization, **more}) for more in ({}, HTML)]

    assert [(200, "<h1>report</h1>")] * 2 == [(answer.status_code, answer.text) for answer in answers]


@pytest.mark.parametrize("name", ["https:evil.example", "/evil.example", "%09Set-Cookie:x=1", "..%2f..%2fapi"])
def test_no_name_leads_to_another_origin(report: str, world: Any, name: str) -> None:
    answer = httpx.get(f"{report}{name}?ticket={world.ticket()}", headers=HTML)

    assert answer.headers["location"].startswith(f"{ORIGIN}/reports/tk_")
    assert "set-cookie" not in answer.headers


def test_a_ticket_opens_no_other_run(report: str, new_world: Callable[[], Any]) -> None:
    assert 401 == httpx.get(f"{report}?ticket={new_world().ticket()}").status_code


def test_a_session_of_another_workspace_gets_no_ticket(report: str, world: Any) -> None:
    other = "00000000-0000-7000-8000-00000000beef"
    with bootstrap.database().transaction() as connection:
        connection.execute("INSERT INTO workspaces (id, name) VALUES (%s, 'other') ON CONFLICT DO NOTHING", [other])
        tickets = "SELECT count(*) AS there FROM run_tickets"
        before = connection.execute(tickets).fetchone()
    theirs = session_of(type(world)(other, bootstrap.keys().create(other, "theirs"), world.run))

    answer = httpx.get(report, headers={**HTML, **theirs})

    with bootstrap.database().transaction() as connection:
        assert before == connection.execute(tickets).fetchone()
    assert (404, True) == (answer.status_code, "no such run" in answer.text)


def test_a_jobs_id_leads_to_its_latest_run_and_a_ticket_does_not(report: str, url: str, world: Any) -> None:
    """A ticket is for one run, whichever comes after it."""
    job_id = "01a00000-0000-7000-8000-00000000000a"
    columns = "id, workspace_id, name, parallelism, retries, timeout_seconds"
    with bootstrap.database().transaction() as connection:
        values = [job_id, world.workspace_id, f"job {world.run.id}", 10, 0, 60]
        connection.execute(f"INSERT INTO jobs ({columns}) VALUES (%s, %s, %s, %s, %s, %s)", values)
        connection.execute("UPDATE runs SET kind = 'job', job_id = %s WHERE id = %s", [job_id, world.run.id])
    asked = f"{url}/api/test-results/jobs/{job_id}/report/"

    person = httpx.get(asked, headers={**HTML, **session_of(world)})
    with_ticket = httpx.get(f"{asked}?ticket={world.ticket()}", headers=HTML)

    assert (307, f"/api/test-results/jobs/{world.run.id}/report/") == (person.status_code, person.headers["location"])
    assert 401 == with_ticket.status_code
    assert report


def test_without_an_origin_for_reports_no_browser_is_shown_one(
    report: str, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page says what is missing; programs read as ever."""
    monkeypatch.delenv("MATINEE_REPORT_ORIGINS")
    bootstrap.reset()

    person = httpx.get(report, headers={**HTML, **session_of(world)})
    program = httpx.get(report, headers=world.authorization)

    assert (503, True) == (person.status_code, "MATINEE_REPORT_ORIGINS" in person.text)
    assert (200, "<h1>report</h1>") == (program.status_code, program.text)


# there


def test_every_answer_is_safe_to_have(shown: str, url: str, world: Any) -> None:
    """Nothing is guessed, told on, stored for others, or set."""
    bootstrap.artifacts().put_bytes(f"{viewer_prefix('1.65.1')}sw.bundle.js", b"//", content_type="text/javascript")
    put(world, "junit.xml", b"<a/>", "application/xml")
    names = ("", f"data/{SHA1}.zip", "trace/sw.bundle.js", "junit.xml")
    answers = [httpx.get(shown + name) for name in names]
    refused = [httpx.get(f"{url}/reports/tk_wrong/", headers=HTML), httpx.get(f"{shown}nothing.png", headers=HTML)]

    for answer in answers:
        assert answer.status_code == 200
        assert SAFE.items() <= dict(answer.headers).items()
        assert answer.headers["cache-control"].startswith("private, ")
    for answer in refused:
        assert ("nosniff", "no-referrer", "no-store") == (
            answer.headers["x-content-type-options"],
            answer.headers["referrer-policy"],
            answer.headers["cache-control"],
        )
    assert [False] * 6 == ["set-cookie" in answer.headers for answer in (*answers, *refused)]


def test_a_report_loads_and_asks_nothing_from_elsewhere(shown: str) -> None:
    """And stands in no frame but the app's and its own."""
    bootstrap.artifacts().put_bytes(f"{viewer_prefix('1.65.1')}index.html", b"<p>", content_type="text/html")
    index, viewer = (policy_of(httpx.get(shown + name)) for name in ("", "trace/index.html"))

    for policy in (index, viewer):
        assert {
            "default-src": "'self'",
            "connect-src": "'self'",
            "frame-ancestors": "'self' https://matinee.example",
            "form-action": "'none'",
            "base-uri": "'none'",
            "object-src": "'none'",
        }.items() <= policy.items()
        elsewhere = {source for sources in policy.values() for source in sources.split()}
        assert {"'self'", "'none'", "'unsafe-inline'", "data:", "blob:", "https://matinee.example"} == elsewhere
    assert "'self'" == viewer["script-src"]


def test_the_one_script_of_a_report_is_named_by_what_is_in_it(url: str, world: Any, tmp_path: Path) -> None:
    """So nothing that somebody smuggles into the page is run."""
    world.finish()
    (tmp_path / "index.html").write_text("<script type='module'>shown();</script><body><script>smuggled();</script>")
    publish(
        tmp_path, live=bootstrap.live(), artifacts=bootstrap.artifacts(), workspace_id=world.workspace_id,
        run_id=world.run.id,
    )  # fmt: skip

    policy = policy_of(httpx.get(f"{url}/reports/{world.ticket()}/"))

    digest = base64.b64encode(hashlib.sha256(b"shown();").digest()).decode()
    assert f"'sha256-{digest}'" == policy["script-src"]


def test_what_a_test_attached_is_none_of_the_reports_own(shown: str, report: str, world: Any) -> None:
    """A page of it has no origin; a script of it is text, so no page runs it and no service worker is made of it."""
    put(world, f"data/{SHA1}.html", b"<script>alert(1)</script>", "text/html")
    put(world, f"data/{SHA1}.js", b"alert(1)", "text/javascript; charset=utf-8")

    for place, headers in ((shown, {}), (report, world.authorization)):
        page, script = (httpx.get(f"{place}data/{SHA1}.{kind}", headers=headers) for kind in ("html", "js"))
        assert ["sandbox allow-scripts"] * 2 == [one.headers["content-security-policy"] for one in (page, script)]
        assert "text/plain; charset=utf-8" == script.headers["content-type"]


def test_neither_a_session_nor_a_key_opens_anything_there(url: str, report: str, world: Any) -> None:
    """Only the path does; with a wrong one nothing else helps."""
    assert report
    tries = [world.authorization, session_of(world), {"cookie": f"matinee_ticket_{world.run.id}={world.ticket()}"}]

    assert [401] * 3 == [httpx.get(f"{url}/reports/tk_wrong/", headers=headers).status_code for headers in tries]
    assert 401 == httpx.get(f"{url}/reports/tk_wrong/?ticket={world.ticket()}").status_code
    assert 404 == httpx.get(f"{url}/reports/").status_code


def test_a_ticket_that_is_over_opens_nothing_and_says_what_to_do(url: str, report: str, world: Any) -> None:
    """Without a word of what it once opened."""
    assert report
    by = bootstrap.keys().principal_of(world.key)
    assert by is not None
    expired = bootstrap.keys().issue_ticket(by, world.run.id, seconds=-1).ticket

    person, program = (httpx.get(f"{url}/reports/{expired}/", headers=headers) for headers in (HTML, {}))

    assert (401, True, False) == (person.status_code, "matinee open" in person.text, world.run.id in person.text)
    assert (401, "application/problem+json") == (program.status_code, program.headers["content-type"])


def test_a_revoked_key_takes_its_tickets_along_within_seconds(shown: str, world: Any, url: str) -> None:
    """At once where nobody has read with the ticket yet, else when what is known of it is asked for again."""
    unread = f"{url}/reports/{world.ticket()}/"
    assert 200 == httpx.get(shown).status_code
    with bootstrap.database().transaction() as connection:
        connection.execute("UPDATE api_keys SET revoked_at = now() WHERE workspace_id = %s", [world.workspace_id])

    assert 401 == httpx.get(unread).status_code
    deadline = time.monotonic() + 2 * GOOD_FOR_S
    while httpx.get(shown).status_code != 401:
        assert time.monotonic() < deadline


def test_without_its_slash_the_browser_is_sent_to_the_folder(shown: str) -> None:
    """The report's own links are relative."""
    answer = httpx.get(f"{shown.rstrip('/')}?x=1")

    assert (307, f"{shown}?x=1") == (answer.status_code, str(answer.next_request and answer.next_request.url))


@pytest.mark.parametrize("name", ["https:evil.example", "javascript:alert(1)", "%2f%2fevil.example"])
def test_no_ticket_reads_like_another_address(url: str, name: str) -> None:
    answer = httpx.get(f"{url}/reports/{name}")

    assert answer.headers.get("location", "./").startswith("./")
    assert answer.status_code in {307, 401, 404}


def test_who_comes_before_the_report_is_kept_informed(url: str, world: Any) -> None:
    """The page looks again by itself, and finds the report once it is there."""
    place = f"{url}/reports/{world.ticket()}/"
    person, program = (httpx.get(place, headers=headers) for headers in (HTML, {}))
    world.finish()
    put(world, "index.html", b"<h1>report</h1>", "text/html")

    assert (404, True) == (person.status_code, '<meta http-equiv="refresh" content="2">' in person.text)
    assert (404, "2", "queued") == (program.status_code, program.headers["retry-after"], program.json()["runStatus"])
    assert (200, "<h1>report</h1>") == (httpx.get(place, headers=HTML).status_code, httpx.get(place).text)


def test_a_run_that_left_no_report_says_why(url: str, world: Any) -> None:
    world.finish(TestStatus.ERROR, report=False)

    person = httpx.get(f"{url}/reports/{world.ticket()}/", headers=HTML)

    assert (404, True) == (person.status_code, "It went wrong." in person.text)
