"""The web interface's files."""

import asyncio
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.site import Site

PAGE, SCRIPT = "<!doctype html><title>Matinee</title>", "export const answer = 42;\n"
HTML = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What a build leaves, and beside it what is nobody's business."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "index-Zk3vQ9ab.js").write_text(SCRIPT)
    (folder / "assets" / "style-0a1b2c3d.css").write_text("a{}")
    (folder / ".secret").write_text("hush")
    (tmp_path / "secret.txt").write_text("hush")
    (folder / "assets" / "way-out").symlink_to(tmp_path / "secret.txt")
    (folder / "up").symlink_to(tmp_path)
    return folder


@pytest.fixture
def site(built: Path, client_of: Callable[..., Any]) -> Any:
    return client_of(Site(built))


def compress(built: Path) -> None:
    """Put smaller ones beside the script; the second is no real Brotli, for nobody here reads it."""
    (built / "assets" / "index-Zk3vQ9ab.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (built / "assets" / "index-Zk3vQ9ab.js.br").write_bytes(b"br")


def test_an_asset_is_kept_for_ever(site: Any) -> None:
    answer = site.get("/assets/index-Zk3vQ9ab.js")

    assert (200, SCRIPT) == (answer.status_code, answer.text)
    assert {
        "cache-control": "public, max-age=31536000, immutable",
        "content-type": "text/javascript; charset=utf-8",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "vary": "Accept-Encoding",
    }.items() <= dict(answer.headers).items()


def test_other_files_are_asked_for_again(site: Any) -> None:
    answer = site.get("/favicon.svg")

    assert (200, "<svg/>", "image/svg+xml", "no-cache") == (
        answer.status_code,
        answer.text,
        answer.headers["content-type"],
        answer.headers["cache-control"],
    )


@pytest.mark.parametrize("path", ["/", "/index.html", "/runs/0199-x", "/sign-in", "/a/b/c", "/apiary", "/assets"])
def test_every_page_of_the_interface_is_the_index(site: Any, path: str) -> None:
    answer = site.get(path, headers=HTML)

    assert (200, PAGE, "no-cache") == (answer.status_code, answer.text, answer.headers["cache-control"])


@pytest.mark.parametrize("path", ["/", "/index.html", "/runs/0199-x"])
def test_the_page_runs_nothing_but_its_own_and_stands_in_no_frame(site: Any, path: str) -> None:
    headers = site.get(path, headers=HTML).headers

    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert {
        "default-src": "'self'",
        "script-src": "'self'",
        "connect-src": "'self'",
        "frame-src": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "object-src": "'none'",
        "form-action": "'self'",
        "worker-src": "'self' blob:",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "style-src": "'self' 'unsafe-inline'",
    } == policy
    assert ("nosniff", "no-referrer") == (headers["x-content-type-options"], headers["referrer-policy"])


def test_the_page_may_have_frames_of_where_reports_are(built: Path, client_of: Callable[..., Any]) -> None:
    site = client_of(Site(built, reports=["http://localhost:8401"]))

    policies = [
        site.get(path, headers=HTML).headers["content-security-policy"] for path in ("/", "/index.html", "/runs")
    ]

    assert ["frame-src 'self' http://localhost:8401"] * 3 == [
        next(part for part in policy.split("; ") if part.startswith("frame-src")) for policy in policies
    ]


@pytest.mark.parametrize("path", ["/assets/index-00000000.js", "/assets/", "/assets/x/y", "/assets/way-out"])
def test_an_asset_that_is_missing_is_never_the_index(site: Any, path: str) -> None:
    answer = site.get(path, headers=HTML)

    assert (404, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


@pytest.mark.parametrize("path", ["/robots.txt", "/favicon.ico", "/runs/0199-x"])
def test_who_wants_no_page_gets_none(site: Any, path: str) -> None:
    answer = site.get(path, headers={"accept": "*/*"})

    assert (404, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/assets/../favicon.svg",
        "/..\\secret.txt",
        "//secret.txt",
        "//favicon.svg",
        "/./favicon.svg",
        "/up/secret.txt",
        "/assets/way-out",
        "/.secret",
        "/favicon.svg\0",
        "/favicon.svg/",
        "/" + "x" * 5000,
        "/{outside}/secret.txt",
        "{outside}/secret.txt",
    ],
)
def test_nothing_outside_the_folder_and_nothing_hidden_is_served(built: Path, path: str) -> None:
    """Whatever a path is once it is decoded; clients tidy it up, attackers do not."""
    said = asyncio.run(raw(Site(built), path.format(outside=built.parent)))

    assert (404, False) == (said[0]["status"], b"hush" in said[1]["body"])


async def raw(site: Site, path: str) -> list[Any]:
    """Ask for this very path."""
    said: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        said.append(message)

    await site({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}, receive, send)
    return said


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br;q=0.0, GZIP", "gzip"),
        ("brotli, x-gzip", None),
        ("identity", None),
        ("", None),
    ],
)
def test_the_smallest_that_the_browser_takes_is_sent(
    site: Any, built: Path, accepts: str, encoding: str | None
) -> None:
    compress(built)

    answer = site("HEAD", "/assets/index-Zk3vQ9ab.js", headers={"accept-encoding": accepts})

    sizes = {"br": 2, "gzip": (built / "assets" / "index-Zk3vQ9ab.js.gz").stat().st_size, None: len(SCRIPT)}
    assert (200, encoding, str(sizes[encoding])) == (
        answer.status_code,
        answer.headers.get("content-encoding"),
        answer.headers["content-length"],
    )
    assert ("text/javascript; charset=utf-8", "Accept-Encoding") == (
        answer.headers["content-type"],
        answer.headers["vary"],
    )


def test_a_compressed_file_is_the_file(site: Any, built: Path) -> None:
    compress(built)

    assert SCRIPT == site.get("/assets/index-Zk3vQ9ab.js", headers={"accept-encoding": "gzip"}).text


def test_what_the_browser_has_is_not_sent_again(site: Any, built: Path) -> None:
    etag = site.get("/", headers=HTML).headers["etag"]

    known = site.get("/", headers=HTML | {"if-none-match": f'"x", W/{etag}'})
    (built / "index.html").write_text(PAGE + "<p>new")
    changed = site.get("/", headers=HTML | {"if-none-match": etag})

    assert (304, "", "no-cache", etag) == (
        known.status_code,
        known.text,
        known.headers["cache-control"],
        known.headers["etag"],
    )
    assert (200, PAGE + "<p>new") == (changed.status_code, changed.text)


def test_a_head_tells_the_size_and_sends_nothing(site: Any) -> None:
    answer = site("HEAD", "/runs/0199-x", headers=HTML)

    assert (200, str(len(PAGE)), b"") == (answer.status_code, answer.headers["content-length"], answer.content)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_page_takes_nothing(site: Any, method: str) -> None:
    answer = site(method, "/")

    assert (405, "GET, HEAD", "application/problem+json") == (
        answer.status_code,
        answer.headers["allow"],
        answer.headers["content-type"],
    )


def test_until_the_interface_is_built_a_page_says_what_to_do(tmp_path: Path, client_of: Callable[..., Any]) -> None:
    site = client_of(Site(tmp_path / "dist"))

    answers = [site.get(path, headers=HTML) for path in ("/", "/sign-in", "/runs/x")]

    assert {200} == {answer.status_code for answer in answers}
    assert all("matinee run my-test.spec.ts" in answer.text for answer in answers)
    assert [404, 404] == [
        site.get(path, headers=headers).status_code
        for path, headers in (("/assets/x.js", HTML), ("/favicon.ico", {"accept": "image/*"}))
    ]
