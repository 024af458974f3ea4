"""One contract, two ways to it: the embedded stack, and API Gateway in front of the deployed functions."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from infra.build.bundles import ROOT
from local.stack import temporary

SCRIPT = """import { writeFileSync } from 'node:fs';
import { test, expect } from '@playwright/test';
test('ünïcödé ✓ "quoted"', async ({ page }) => {
  await page.setContent('<h1>Grüße</h1>');
  await test.step('looks', async () => expect(page.getByRole('heading')).toHaveText('Grüße'));
  console.log('Grüße ✓');
  const file = test.info().outputPath('five.dat');
  writeFileSync(file, Buffer.from([0, 255, 254, 10, 13]));
  await test.info().attach('bytes', { path: file, contentType: 'application/octet-stream' });
});
"""
NOBODY = "00000000-0000-7000-8000-00000000dead"
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module", params=["embedded", "deployed"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """The URL, and a key."""
    if request.param == "deployed":
        cloud = request.getfixturevalue("cloud")
        yield cloud.url, cloud.key
        return
    with temporary() as stack:
        yield stack.url, stack.api_key


@pytest.fixture
def stranger(server: tuple[str, str]) -> Iterator[httpx.Client]:
    """Somebody without a key."""
    with httpx.Client(base_url=server[0], timeout=120) as client:
        yield client


@pytest.fixture
def api(server: tuple[str, str]) -> Iterator[httpx.Client]:
    """Somebody with one."""
    with httpx.Client(base_url=server[0], headers={"Authorization": f"Bearer {server[1]}"}, timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def run(server: tuple[str, str]) -> Any:
    """A run that has ended, with its events as they came."""
    with httpx.Client(base_url=server[0], headers={"Authorization": f"Bearer {server[1]}"}, timeout=120) as client:
        accepted = client.post("/api/test", json={"script": SCRIPT, "title": "Grüße ✓"}).json()
        events = client.get(accepted["links"]["events"])
        return {**client.get(accepted["links"]["self"]).json(), "said": events}


def test_openapi_is_what_is_committed(api: httpx.Client) -> None:
    """Of the app that answers it; the two that stream are in the committed file besides."""
    committed = json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))
    served = api.get("/api/openapi.json").json()

    assert set(served["paths"]) <= set(committed["paths"])
    assert all(committed["paths"][path] == operations for path, operations in served["paths"].items())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/runs", 401),
        ("GET", f"/api/test-status/sse/{NOBODY}", 401),
        ("GET", f"/api/test-results/tests/{NOBODY}/report/index.html", 401),
    ],
)
def test_a_stranger_is_told_so(stranger: httpx.Client, method: str, path: str, status: int) -> None:
    answer = stranger.request(method, path)

    assert (status, PROBLEM, status) == (answer.status_code, answer.headers["content-type"], answer.json()["status"])


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/api/no-such-thing", {}, 404),
        ("GET", f"/api/runs/{NOBODY}", {}, 404),
        ("DELETE", "/api/runs", {}, 405),
        ("GET", f"/api/test-status/sse/{NOBODY}", {}, 404),
        ("PUT", f"/api/test-status/sse/{NOBODY}", {}, 405),
        ("GET", f"/api/job-status/sse/{NOBODY}", {}, 404),
        ("GET", f"/api/test-results/tests/{NOBODY}/report/", {}, 404),
        ("POST", f"/api/test-results/tests/{NOBODY}/report/", {}, 405),
        ("POST", "/api/test", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ("POST", "/api/test", {"json": {"script": ""}}, 422),
        ("POST", "/api/test", {"json": {"script": "test('a', () => {"}}, 422),
        ("POST", "/api/test", {"json": {"script": "//" + "x" * 2_100_000}}, 413),
        ("GET", "/api/runs?limit=0", {}, 422),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_wrong_is_a_problem_document(
    api: httpx.Client, method: str, path: str, more: dict[str, Any], status: int
) -> None:
    answer = api.request(method, path, **more)

    assert (status, PROBLEM) == (answer.status_code, answer.headers["content-type"]), answer.text
    assert status == answer.json()["status"]


def test_texts_survive_the_way_there_and_back(api: httpx.Client, run: Any) -> None:
    """Umlauts, quotes and signs in bodies, queries and events."""
    found = api.get("/api/runs", params={"search": "Grüße ✓"}).json()["items"]

    assert "passed" == run["status"], run
    assert run["id"] in [one["id"] for one in found]
    told = [json.loads(line[6:]) for line in run["said"].text.splitlines() if line.startswith("data: ")]
    assert 'ünïcödé ✓ "quoted"' in json.dumps(told, ensure_ascii=False).replace('\\"', '"')
    assert "Grüße ✓" in api.get(run["links"]["console"]).text


def test_events_are_numbered_and_resumed(api: httpx.Client, run: Any) -> None:
    """From 1 without a gap; from `Last-Event-ID`, as a header or in the query; after the last there is nothing."""
    said = run["said"]
    numbers = _numbers(said.text)

    assert (200, "text/event-stream") == (said.status_code, said.headers["content-type"].partition(";")[0])
    assert "no-cache" in said.headers["cache-control"] or "no-store" in said.headers["cache-control"]
    assert list(range(1, len(numbers) + 1)) == numbers
    events = run["links"]["events"]
    assert numbers[3:] == _numbers(api.get(events, headers={"Last-Event-ID": "3"}).text)
    assert numbers[3:] == _numbers(api.get(events, params={"lastEventId": "3"}).text)
    assert 204 == api.get(events, headers={"Last-Event-ID": str(numbers[-1])}).status_code


def test_a_report_is_served_whole_in_part_and_not_again(api: httpx.Client, run: Any) -> None:
    """A folder's URL ends in a slash; an ETag is known again; a range is a range; HEAD has no body; nothing above it is served."""
    report = run["links"]["report"]
    whole = api.get(report)
    known = api.get(report, headers={"If-None-Match": whole.headers["etag"]})
    part = api.get(report, headers={"Range": "bytes=0-99"})
    head = api.head(report)

    assert (200, "text/html") == (whole.status_code, whole.headers["content-type"].partition(";")[0])
    assert "nosniff" == whole.headers["x-content-type-options"]
    assert (304, b"") == (known.status_code, known.content)
    assert (206, whole.content[:100]) == (part.status_code, part.content)
    assert part.headers["content-range"].startswith("bytes 0-99/")
    assert (200, b"") == (head.status_code, head.content)
    assert 307 == api.get(report.rstrip("/")).status_code
    for path in ("../console.txt", "..%2Fconsole.txt", "%2e%2e/console.txt", "data/%00", quote("\\..\\x", safe="")):
        assert api.get(f"{report}{path}").status_code in {400, 404}, path


@pytest.mark.parametrize("way", ["tickets", "shares"])
def test_a_browser_is_led_to_where_reports_are(
    server: tuple[str, str], api: httpx.Client, stranger: httpx.Client, run: Any, way: str
) -> None:
    """Another origin, whose path has the ticket or a share's token; the report is there, its viewer too, and no cookie."""
    made = api.post(f"/api/runs/{run['id']}/{way}", json={"name": "Designers"} if way == "shares" else None).json()
    led = stranger.get(made.get("report") or made["path"])
    origin, path = re.fullmatch(r"(https?://[^/]+)(/reports/(?:tk|sh)_[\w-]{43}/)", led.headers["location"]).groups()
    # The emulator has no CloudFront: there the API itself is asked, as CloudFront would ask it.
    base = server[0] if origin.startswith("https://") else origin
    answers = [httpx.get(f"{base}{path}{name}", timeout=60) for name in ("", "trace/index.html", "data/no.png")]

    assert (303, True) == (led.status_code, origin not in server[0])
    assert [200, 200, 404] == [answer.status_code for answer in answers]
    for answer in answers[:2]:
        assert "object-src 'none'" in answer.headers["content-security-policy"]
        assert "private" in answer.headers["cache-control"]
    assert not [answer for answer in (led, *answers) if "set-cookie" in answer.headers]


def test_bytes_of_an_attachment_come_as_they_are(api: httpx.Client, run: Any) -> None:
    """With a type that no browser renders in our name."""
    results = json.dumps(api.get(f"{run['links']['report']}results.json").json())
    paths = {part.split('"')[0] for part in results.split('"path": "')[1:]}
    [path] = [one for one in paths if not one.endswith((".zip", ".png"))] or pytest.fail(
        f"not among {paths}: {results[-1500:]}"
    )
    answer = api.get(f"{run['links']['report']}{path}")

    assert bytes([0, 255, 254, 10, 13]) == answer.content
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_browser_signs_in_and_is_not_led_astray(server: tuple[str, str], stranger: httpx.Client) -> None:
    """The cookie is out of scripts' reach; with it a question is answered, and a change only from our own pages."""
    signed = stranger.post("/api/session", json={"key": server[1]})
    cookie = signed.headers["set-cookie"]

    assert 200 == signed.status_code, signed.text
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/api"))
    carried = {"Cookie": cookie.partition(";")[0]}
    assert 200 == stranger.get("/api/runs", headers=carried).status_code
    astray = {**carried, "Sec-Fetch-Site": "same-site"}
    assert 403 == stranger.post("/api/tests", json={"title": "a", "script": SCRIPT}, headers=astray).status_code
    ours = {**carried, "Sec-Fetch-Site": "same-origin"}
    assert 201 == stranger.post("/api/tests", json={"title": "a", "script": SCRIPT}, headers=ours).status_code


def test_two_editors_lose_nothing(api: httpx.Client) -> None:
    """ETag and If-Match make the way; the second is told."""
    made = api.post("/api/tests", json={"title": "b", "script": SCRIPT})
    path, tag = f"/api/tests/{made.json()['id']}", made.headers["etag"]
    change = {"title": "c", "script": SCRIPT}

    assert 200 == api.put(path, json=change, headers={"If-Match": tag}).status_code
    assert 412 == api.put(path, json=change, headers={"If-Match": tag}).status_code


def test_the_same_key_makes_the_same_run(api: httpx.Client) -> None:
    key = {"Idempotency-Key": "once and for all"}
    first, second = (api.post("/api/test", json={"script": SCRIPT}, headers=key) for _ in range(2))

    assert first.json()["testId"] == second.json()["testId"]


def _numbers(stream: str) -> list[int]:
    return [int(line[4:]) for line in stream.splitlines() if line.startswith("id: ")]
