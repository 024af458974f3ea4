"""The web interface's files, as `web/` has built them, on the origin of the API."""

from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import NotModifiedResponse
from starlette.types import Receive, Scope, Send

from local.template import ROOT
from matinee.http.pages import wants_page
from matinee.http.problems import problem
from matinee.http.site import ASSETS, headers_of, kind_of, page_headers

BUILT = ROOT / "web" / "dist"

#: What stands beside a file in fewer bytes, the best first.
_ENCODINGS = {"br": ".br", "gzip": ".gz"}

_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Matinee</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; color-scheme: light dark }
  code { background: #8883; padding: .1em .3em; border-radius: 3px }
</style>
<h1>Matinee is up</h1>
<p>Its web interface has not been built here. The command line is the way in:</p>
<p><code>matinee run my-test.spec.ts</code></p>
<p>or the API, with the key in <code>.matinee/api-key</code>:
<code>POST /api/test</code>, then <code>GET /api/test-status/sse/{testId}</code>.</p>
<p><a href="/api/health">What is up, and in which versions</a></p>
"""


class Site:
    """ASGI app: files of a folder, and for every other page that a browser opens `index.html`, which knows what to show."""

    def __init__(self, folder: Path = BUILT, *, reports: Sequence[str] = ()) -> None:
        self._folder = folder
        self._page = page_headers(*reports)  #: its pages have frames of these origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await self._answer(Request(scope))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            detail = "Here are pages and files only; what changes something is below /api/."
            answer = problem(HTTPStatus.METHOD_NOT_ALLOWED, name="method-not-allowed", detail=detail)
            answer.headers["Allow"] = "GET, HEAD"
            return answer
        path = str(request.scope["path"]).removeprefix("/")
        if found := self._file(path):
            return _sent(found, request, self._page if path.endswith(".html") else headers_of(path))
        if path and (path.startswith(ASSETS) or not wants_page(request)):
            return problem(HTTPStatus.NOT_FOUND, name="not-found", detail="There is no such file.")
        if index := self._file("index.html"):
            return _sent(index, request, self._page)
        return HTMLResponse(_NOT_BUILT, headers=self._page)

    def _file(self, path: str) -> Path | None:
        """Find a file by its path; nothing outside the folder, and nothing hidden in it, has one."""
        if any(part.startswith(".") or not part for part in path.split("/")) or "\\" in path:
            return None
        try:
            found = (self._folder / path).resolve()
            return found if found.is_relative_to(self._folder.resolve()) and found.is_file() else None
        except (OSError, ValueError):  # a name that is too long, or has a NUL
            return None


def _sent(file: Path, request: Request, headers: dict[str, str]) -> Response:
    """Answer with a file, in fewer bytes if that is there and the browser takes it; with nothing if the browser has it."""
    body, encoding = file, {}
    for name, ending in _ENCODINGS.items():
        smaller = file.with_name(file.name + ending)
        if smaller.is_file() and _takes(request.headers, name):
            body, encoding = smaller, {"Content-Encoding": name}
            break
    told = {**headers, **encoding, "Vary": "Accept-Encoding"}
    answer = FileResponse(body, headers=told, media_type=kind_of(file), stat_result=body.stat())
    known = request.headers.get("if-none-match", "")
    if answer.headers["etag"] in {tag.strip().removeprefix("W/") for tag in known.split(",")}:
        return NotModifiedResponse(answer.headers)
    return answer


def _takes(headers: Headers, encoding: str) -> bool:
    for offer in headers.get("accept-encoding", "").split(","):
        name, _, weight = offer.replace(" ", "").lower().partition(";")
        if name == encoding:
            return weight.removeprefix("q=").strip("0.") != "" or not weight
    return False
