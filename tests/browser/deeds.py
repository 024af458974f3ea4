"""What there is on the pages of the web UI to change something with, and what that asks for."""

import re
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page, expect

from local.stack import Stack

_SCRIPT = "import { test } from '@playwright/test';\ntest('a', () => {});\n"
#: What a button or a link is called that changes something.
_DEEDS = re.compile(
    r"^(Run\b|Re-run|Save|Cancel|Delete|Edit|New|Add|Make|Give|Change|Choose|More|Revoke|Share|Remove|Restore|Set limits|Write|History|The schedule)"
)
#: Made by hand: what these buttons would ask for.
_REQUESTS: list[tuple[str, str, Any]] = [
    ("POST", "/api/test", {"script": _SCRIPT}),
    ("POST", "/api/tests", {"title": "A", "script": _SCRIPT}),
    ("POST", "/api/tests/{test}/run", {}),
    ("PUT", "/api/tests/{test}", {"title": "A", "script": _SCRIPT}),
    ("DELETE", "/api/tests/{test}", None),
    ("POST", "/api/jobs", {"name": "A", "tests": []}),
    ("POST", "/api/jobs/run", {"jobId": "{job}"}),
    ("PUT", "/api/jobs/{job}", {"name": "A", "tests": []}),
    ("DELETE", "/api/jobs/{job}", None),
    ("POST", "/api/jobs/{job}/trigger-keys", {"name": "A"}),
    ("PUT", "/api/variables/A", {"value": "a"}),
    ("DELETE", "/api/variables/WHERE_TO", None),
    ("PUT", "/api/jobs/{job}/variables/A", {"value": "a"}),
    ("DELETE", "/api/jobs/{job}/variables/A", None),
    ("POST", "/api/runs/{run}/cancel", None),
    ("POST", "/api/runs/{run}/rerun", {"only": "all"}),
    ("POST", "/api/runs/{run}/shares", {"name": "A"}),
    ("DELETE", "/api/runs/{run}", None),
    ("POST", "/api/keys", {"name": "A"}),
    ("POST", "/api/members", {"email": "ada@example.com"}),
]
_ASK = """([method, path, body]) => fetch(path, {
  method, body: body && JSON.stringify(body), headers: { 'content-type': 'application/json' },
}).then(answer => answer.status)"""


def deeds(page: Page) -> set[str]:
    """The names of all there is on a page to change something with."""
    found = [
        each.get_attribute("aria-label") or each.inner_text()
        for role in ("button", "link", "checkbox", "switch")
        for each in page.get_by_role(role, name=_DEEDS, disabled=False).all()
    ]
    return set(found)


def visited(page: Page, stack: Stack, kept: dict[str, str]) -> Iterator[str]:
    """Open every page that everybody has; each is ready, for what only the API can tell is there."""
    texts = {
        "/": "Latest runs",
        "/playground": "Nothing ran here yet",
        "/tests": "Programme",
        "/jobs": "Nightly",
        "/runs": "Epilogue",
        "/variables": "WHERE_TO",
        "/usage": "Tests that wait",
        f"/tests/{kept['test']}": "Recent results",
        f"/jobs/{kept['job']}": "Deployments",
        f"/runs/{kept['run']}?view=tests": "is spoken",
    }
    for path, text in texts.items():
        page.goto(stack.url + path)
        expect(page.get_by_role("main").get_by_text(text, exact=True).first).to_be_visible()
        yield path


def ask(page: Page, method: str, path: str, body: Any = None) -> int:
    """Ask the API from within a page, as whoever is signed in there; give the answer's status."""
    status: int = page.evaluate(_ASK, [method, path, body])
    return status


def asked_by_hand(page: Page, kept: dict[str, str]) -> dict[str, int]:
    """Ask for whatever those buttons would; give the answers' statuses."""
    return {
        f"{method} {path}": ask(page, method, path.format(**kept), _filled(body, kept))
        for method, path, body in _REQUESTS
    }


def _filled(body: Any, kept: dict[str, str]) -> Any:
    return body and {name: value.format(**kept) if name == "jobId" else value for name, value in body.items()}
