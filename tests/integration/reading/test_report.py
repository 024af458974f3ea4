import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from uuid_utils import uuid7

from functions.report_proxy.app import create_app
from matinee import bootstrap
from matinee.model.run import TestStatus
from matinee.stores.artifacts import report_prefix, run_prefix, type_of, viewer_prefix

HTML = {"Accept": "text/html,application/xhtml+xml"}
SHA1 = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def url(serve: Callable[[Any], str]) -> str:
    return serve(create_app())


@pytest.fixture
def report(url: str, world: Any) -> str:
    """The address of a run's report, which is there."""
    world.finish()
    put(world, "index.html", b"<h1>report</h1>")
    put(world, f"data/{SHA1}.zip", bytes(range(256)))
    return address(url, world)


def put(world: Any, name: str, data: bytes) -> None:
    key = report_prefix(world.workspace_id, world.run.id) + name
    bootstrap.artifacts().put_bytes(key, data, content_type="text/html" if name.endswith("html") else "application/zip")


def address(url: str, world: Any) -> str:
    return f"{url}/api/test-results/tests/{world.run.id}/report/"


# files


def test_the_folder_is_the_index(report: str, world: Any) -> None:
    answer = httpx.get(report, headers=world.authorization)

    assert (200, "<h1>report</h1>", "text/html") == (answer.status_code, answer.text, answer.headers["content-type"])
    assert answer.text == httpx.get(f"{report}index.html", headers=world.authorization).text


def test_without_its_slash_the_browser_is_sent_to_the_folder(report: str) -> None:
    """The report's own links are relative; the query may hold a ticket."""
    answer = httpx.get(f"{report.rstrip('/')}?ticket=tk_x")

    assert 307 == answer.status_code
    assert f"{report}?ticket=tk_x" == str(answer.next_request.url if answer.next_request else None)


def test_a_file_has_what_caches_and_browsers_need(report: str, world: Any) -> None:
    index, data = (httpx.get(report + name, headers=world.authorization) for name in ("", f"data/{SHA1}.zip"))

    assert {"content-length": "256", "accept-ranges": "bytes"}.items() <= dict(data.headers).items()
    assert {"etag", "last-modified"} <= set(data.headers)
    assert "private, max-age=0, must-revalidate" == index.headers["cache-control"]
    assert "private, max-age=31536000, immutable" == data.headers["cache-control"]
    for answer in (index, data):
        assert ("nosniff", "no-referrer", "same-origin") == (
            answer.headers["x-content-type-options"],
            answer.headers["referrer-policy"],
            answer.headers["cross-origin-resource-policy"],
        )


def test_what_the_browser_has_is_not_sent_again(report: str, world: Any) -> None:
    etag = httpx.get(report, headers=world.authorization).headers["etag"]

    answer = httpx.get(report, headers={**world.authorization, "If-None-Match": etag})

    assert (304, b"", etag) == (answer.status_code, answer.content, answer.headers["etag"])


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("bytes=2-4", 206, b"\2\3\4"),
        ("bytes=-2", 206, b"\xfe\xff"),
        ("bytes=300-", 416, b""),
        ("bytes=0-1,4-5", 200, bytes(range(256))),
    ],
)
def test_a_part_of_a_file_can_be_read(report: str, world: Any, asked: str, status: int, body: bytes) -> None:
    """The trace viewer reads a trace's directory from its end, and then what it shows."""
    answer = httpx.get(f"{report}data/{SHA1}.zip", headers={**world.authorization, "Range": asked})

    assert (status, body) == (answer.status_code, answer.content)
    assert (status != 200) == answer.headers.get("content-range", "").endswith("/256")


def test_a_head_tells_the_size_and_sends_nothing(report: str, world: Any) -> None:
    answer = httpx.head(f"{report}data/{SHA1}.zip", headers=world.authorization)

    assert (200, "256", b"") == (answer.status_code, answer.headers["content-length"], answer.content)


def test_the_trace_viewer_is_a_part_of_every_report(report: str, world: Any) -> None:
    prefix = viewer_prefix("1.65.1")
    for name in ("sw.bundle.js", "assets/urlMatch-Cgl6axSs.js"):
        bootstrap.artifacts().put_bytes(f"{prefix}{name}", b"//", content_type="text/javascript")

    worker, asset = (
        httpx.get(f"{report}trace/{name}", headers=world.authorization)
        for name in ("sw.bundle.js", "assets/urlMatch-Cgl6axSs.js")
    )

    assert [(200, "text/javascript")] * 2 == [(one.status_code, one.headers["content-type"]) for one in (worker, asset)]
    assert [False, True] == ["immutable" in one.headers["cache-control"] for one in (worker, asset)]


def test_a_large_file_does_not_enter_memory(url: str, world: Any, tmp_path: Path) -> None:
    """200 MB pass through; the process' peak grows by less than a twentieth of it."""
    size = 200_000_000
    with (tmp_path / "trace.zip").open("wb") as file:
        file.truncate(size)
    key = f"{report_prefix(world.workspace_id, world.run.id)}data/{SHA1}.zip"
    bootstrap.artifacts().put_file(key, tmp_path / "trace.zip")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from now on
    before = peak_bytes()

    with httpx.stream(
        "GET", f"{address(url, world)}data/{SHA1}.zip", headers=world.authorization, timeout=60
    ) as answer:
        received = sum(len(chunk) for chunk in answer.iter_raw())

    assert size == received
    assert peak_bytes() - before < 10_000_000


def peak_bytes() -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024


@pytest.mark.parametrize(
    "path",
    [
        "../console.txt",
        "data/../../console.txt",
        "..%2fconsole.txt",
        "%2e%2e/console.txt",
        "%2e%2e%2fconsole.txt",
        "%252e%252e/console.txt",
        "%252e%252e%252fconsole.txt",
        "..%5cconsole.txt",
        "..\\console.txt",
        "./index.html",
        "data//x",
        "/index.html",
        "//console.txt",
        "trace/../../console.txt",
        "trace/../index.html",
        "index.html%00",
        "data%0a/index.html",
        "%c0%ae%c0%ae/console.txt",
        "trace/",
        "data/",
        "data",
        "...",
        "x" * 1_100,
    ],
)
def test_no_path_leads_out_of_the_report(report: str, world: Any, path: str) -> None:
    """Sent as it is, as no well-behaved client would."""
    bootstrap.artifacts().put_bytes(
        f"{run_prefix(world.workspace_id, world.run.id)}console.txt",
        b"outside",
        content_type="text/plain",
    )
    host, _, folder = report.removeprefix("http://").partition("/")
    head = f"GET /{folder}{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {world.key}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2]))) as connection:
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert b"404" == answer.split(b" ", 2)[1]
    assert b"outside" not in answer


def test_another_workspaces_report_does_not_exist(report: str) -> None:
    other = "00000000-0000-7000-8000-00000000beef"
    with bootstrap.database().transaction() as connection:
        connection.execute("INSERT INTO workspaces (id, name) VALUES (%s, 'other') ON CONFLICT DO NOTHING", [other])
    key = bootstrap.keys().create(other, "theirs")

    for path in ("", "index.html", f"data/{SHA1}.zip"):
        assert 404 == httpx.get(report + path, headers={"Authorization": f"Bearer {key}"}).status_code


# who may read


def test_a_program_without_a_key_gets_a_problem_document(report: str) -> None:
    answer = httpx.get(report)

    assert (401, "Bearer", "application/problem+json") == (
        answer.status_code,
        answer.headers["www-authenticate"],
        answer.headers["content-type"],
    )


@pytest.mark.parametrize("query", ["", "?ticket=tk_wrong"])
def test_a_browser_without_a_ticket_is_told_how_to_get_one(report: str, world: Any, query: str) -> None:
    answer = httpx.get(report + query, headers=HTML)

    assert (401, "Bearer") == (answer.status_code, answer.headers["www-authenticate"])
    assert f"matinee open {world.run.id}" in answer.text


# when there is no report


def test_a_report_that_may_still_come_is_worth_another_try(url: str, world: Any) -> None:
    program, person = (httpx.get(address(url, world), headers={**world.authorization, **more}) for more in ({}, HTML))

    assert (404, "2", "queued") == (program.status_code, program.headers["retry-after"], program.json()["runStatus"])
    assert (404, True) == (person.status_code, '<meta http-equiv="refresh" content="2">' in person.text)


def test_a_run_that_ended_without_a_report_says_why(url: str, world: Any) -> None:
    world.finish(TestStatus.ERROR, report=False)

    program, person = (httpx.get(address(url, world), headers={**world.authorization, **more}) for more in ({}, HTML))

    assert (404, False, "no_tests") == (
        program.status_code,
        "retry-after" in program.headers,
        program.json()["reason"],
    )
    assert "It went wrong." in person.text
    assert "No test ran." in person.text
    assert "http-equiv" not in person.text


def test_a_report_that_has_expired_says_so(url: str, world: Any) -> None:
    world.finish()

    answer = httpx.get(address(url, world), headers=world.authorization)

    assert (404, "The report was deleted, or has expired.") == (answer.status_code, answer.json()["detail"])


def test_a_file_that_the_report_does_not_have_is_not_found(report: str, world: Any) -> None:
    answer = httpx.get(f"{report}nothing.png", headers=world.authorization)

    assert (404, "There is no such file in the report.") == (answer.status_code, answer.json()["detail"])


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_a_run_that_does_not_exist_has_no_report(url: str, world: Any, accept: str) -> None:
    path = "/api/test-results/tests/00000000-0000-7000-8000-00000000dead/report/"

    assert 404 == httpx.get(url + path, headers={**world.authorization, "Accept": accept}).status_code


def test_what_a_test_said_is_text_on_the_page_and_no_markup(url: str, world: Any) -> None:
    world.finish(TestStatus.ERROR, report=False)
    with bootstrap.database().transaction() as connection:
        connection.execute("UPDATE runs SET message = '<script>alert(1)</script>' WHERE id = %s", [world.run.id])

    page = httpx.get(address(url, world), headers={**world.authorization, **HTML}).text

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page


# of jobs


@pytest.fixture
def job_id(world: Any) -> str:
    """A job, whose run the world's is."""
    job_id = str(uuid7())
    columns = "id, workspace_id, name, parallelism, retries, timeout_seconds"
    with bootstrap.database().transaction() as connection:
        values = [job_id, world.workspace_id, f"job {job_id}", 10, 0, 60]
        connection.execute(f"INSERT INTO jobs ({columns}) VALUES (%s, %s, %s, %s, %s, %s)", values)
    make_run_of(job_id, world)
    return job_id


def make_run_of(job_id: str, world: Any) -> None:
    with bootstrap.database().transaction() as connection:
        connection.execute("UPDATE runs SET kind = 'job', job_id = %s WHERE id = %s", [job_id, world.run.id])


def job_address(url: str, either_id: str) -> str:
    return f"{url}/api/test-results/jobs/{either_id}/report/"


@pytest.mark.usefixtures("job_id")
def test_a_jobs_run_has_its_report_below_jobs(url: str, world: Any) -> None:
    """With what tools for continuous integration read, under its proper type."""
    world.finish()
    for name in ("index.html", "junit.xml", "results.json"):
        key = report_prefix(world.workspace_id, world.run.id) + name
        bootstrap.artifacts().put_bytes(key, name.encode(), content_type=type_of(name))

    got = [
        httpx.get(job_address(url, world.run.id) + name, headers=world.authorization)
        for name in ("", "junit.xml", "results.json")
    ]

    assert [
        (200, "index.html", "text/html; charset=utf-8"),
        (200, "junit.xml", "application/xml"),
        (200, "results.json", "application/json"),
    ] == [(answer.status_code, answer.text, answer.headers["content-type"]) for answer in got]


def test_a_jobs_id_stands_for_its_latest_run_with_a_report(
    url: str, world: Any, job_id: str, new_world: Callable[[], Any]
) -> None:
    """A newer run that has none yet does not hide it; a browser moves on to that run's own address."""
    world.finish()
    put(world, "index.html", b"the first run's")
    newer = new_world()
    make_run_of(job_id, newer)
    address = job_address(url, job_id)

    program = httpx.get(address, headers=world.authorization)
    person = httpx.get(address, headers={**world.authorization, **HTML})
    newer.finish()
    put(newer, "index.html", b"the second run's")
    later = httpx.get(address, headers=world.authorization)

    assert (200, "the first run's", "private, max-age=0, must-revalidate") == (
        program.status_code,
        program.text,
        program.headers["cache-control"],
    )
    assert (307, f"/api/test-results/jobs/{world.run.id}/report/") == (person.status_code, person.headers["location"])
    assert "the second run's" == later.text


def test_a_job_whose_only_run_is_still_running_says_how_far_it_is(url: str, world: Any, job_id: str) -> None:
    bootstrap.tracking().mark_running(world.run.id, world.run.id, at=datetime.now(UTC))

    program = httpx.get(job_address(url, job_id), headers=world.authorization)
    person = httpx.get(job_address(url, world.run.id), headers={**world.authorization, **HTML})

    assert (404, "2", "running") == (program.status_code, program.headers["retry-after"], program.json()["runStatus"])
    assert "0 of 1 tests have ended" in person.text


def test_a_job_that_is_another_workspaces_has_no_report(url: str, world: Any, job_id: str) -> None:
    world.finish()
    put(world, "index.html", b"ours")
    other = "00000000-0000-7000-8000-00000000beef"
    with bootstrap.database().transaction() as connection:
        connection.execute("INSERT INTO workspaces (id, name) VALUES (%s, 'other') ON CONFLICT DO NOTHING", [other])
    theirs = {"Authorization": f"Bearer {bootstrap.keys().create(other, 'theirs')}"}

    for either_id in (job_id, world.run.id, "no-id", "00000000-0000-7000-8000-00000000dead"):
        assert 404 == httpx.get(job_address(url, either_id), headers=theirs).status_code
