"""The cookies in which a browser keeps what it comes in with."""

from datetime import timedelta

from starlette.requests import HTTPConnection
from starlette.responses import Response

#: The cookie of a browser's session.
SESSION = "matinee_session"
_SESSION_PATH = "/api"


def ticket_cookie(run_id: str) -> str:
    """Name the cookie in which a browser keeps its ticket for a run."""
    return f"matinee_ticket_{run_id}"


def keep_session(request: HTTPConnection, answer: Response, token: str, *, lasts: timedelta) -> None:
    """Let the browser keep its session. No script can read it, and no other site sends it."""
    seconds = int(lasts.total_seconds())
    keep(request, answer, SESSION, token, path=_SESSION_PATH, seconds=seconds)


def forget_session(request: HTTPConnection, answer: Response) -> None:
    """Let the browser forget its session."""
    keep(request, answer, SESSION, "", path=_SESSION_PATH, seconds=0)


def keep(
    request: HTTPConnection, answer: Response, name: str, value: str, *, path: str, seconds: int | None = None
) -> None:
    """Set a cookie of ours: for so many seconds, or as long as the browser is open."""
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path=path,
        secure="https" in {request.url.scheme, request.headers.get("x-forwarded-proto")},
        httponly=True,
        samesite="strict",
    )
