"""What reports are sent with. Whoever writes a test writes what its report says, and a fault in what shows it would be theirs to use."""

from collections.abc import Sequence
from http import HTTPStatus

from matinee.stores.artifacts import Served
from matinee.usecases.publish import SCRIPT_MARK
from matinee.usecases.serve_report import ATTACHED, RESULTS

_SAFE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
#: What Playwright's report and its trace viewer take, and no more: tests/browser/test_report_origin.py.
_POLICY = {
    "default-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "frame-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "object-src": "'none'",
}
#: What a test attached may run its scripts if it is a page, but not as one of ours: it must not act for whoever reads it.
_STRANGE = "sandbox allow-scripts"
#: Results are texts. Markup in them, whoever brought it there, is nothing that a browser should act on.
_INERT = "sandbox; default-src 'none'"
_VIEWER = "trace/"


def add_to(served: Served, path: str, *, own: Sequence[str]) -> dict[str, str]:
    """Give the headers of a report's file with what makes it safe. Pages of the `own` origins may show it in a frame."""
    headers = {**served.headers, **_SAFE}
    if served.status == HTTPStatus.NOT_MODIFIED:
        return headers  # what the browser has came with its policy
    if path.startswith(ATTACHED):
        if "javascript" in headers.get("content-type", ""):
            headers["content-type"] = "text/plain; charset=utf-8"  # to be read, by no page to be run
        return {**headers, "Content-Security-Policy": _STRANGE}
    if path in RESULTS:
        return {**headers, "Content-Security-Policy": _INERT}
    policy = {**_POLICY, "script-src": _scripts(served, path), "frame-ancestors": " ".join(["'self'", *own])}
    return {**headers, "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items())}


def _scripts(served: Served, path: str) -> str:
    """Say which scripts a page may run: the viewer its own files, the report's index the one that Playwright put into it."""
    if path.startswith(_VIEWER):
        return "'self'"
    mark = served.marks.get(SCRIPT_MARK)
    return f"'{mark}'" if mark else "'unsafe-inline'"  # reports that were made before there were marks
