"""Small pages for people whose browser asked for something that is not there. No script, nothing loaded."""

from html import escape
from http import HTTPStatus
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from starlette.requests import Request

#: The colour of the page's edge, on light and on dark ground.
_TONES = {"calm": ("#6a4fd8", "#a78bfa"), "bad": ("#c2362b", "#f87171")}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def wants_page(request: "Request") -> bool:
    """Whether a person's browser opens this, rather than a script, a tool or a page's own parts."""
    return "text/html" in request.headers.get("accept", "")


def page(
    status: HTTPStatus,
    *,
    title: str,
    says: str,
    advice: str | None = None,
    code: str | None = None,
    tone: "Literal['calm', 'bad']" = "calm",
    again_after: int | None = None,
    go_to: str | None = None,
    headers: "Mapping[str, str] | None" = None,
) -> HTMLResponse:
    """Make a page.

    Args:
        status: The answer's status.
        title: Its headline.
        says: What is the matter. This and all other texts are escaped.
        advice: What to do about it.
        code: Something to copy, or an error's own words.
        tone: Whether something went wrong.
        again_after: Load it again after so many seconds, and show that something is going on.
        go_to: Where to go then, if it is elsewhere.
        headers: Further headers.
    """
    parts = [f"<p>{escape(says)}</p>"]
    parts += [f"<pre>{escape(code)}</pre>"] if code else []
    parts += [f'<p class="soft">{escape(advice)}</p>'] if advice else []
    parts += ['<div class="bar" role="progressbar" aria-label="In progress"></div>'] if again_after else []
    target = f";url={escape(go_to)}" if go_to else ""
    light, dark = _TONES[tone]
    text = Template((files("matinee.http") / "page.html").read_text(encoding="utf-8")).substitute(
        title=escape(title),
        body="\n".join(parts),
        refresh="" if again_after is None else f'<meta http-equiv="refresh" content="{again_after}{target}">',
        light=light,
        dark=dark,
    )
    return HTMLResponse(text, status_code=status, headers={**_HEADERS, **(headers or {})})
