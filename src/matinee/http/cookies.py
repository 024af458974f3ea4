"""The cookies in which a browser keeps what it comes in with."""

import math
from datetime import timedelta
from typing import Literal

from starlette.requests import HTTPConnection
from starlette.responses import Response

#: The cookie of a browser's session.
SESSION = "matinee_session"
#: The cookie of a sign-in that is under way at an OpenID Connect issuer.
ATTEMPT = "matinee_sign_on"
_SESSION_PATH = "/api"
_ATTEMPT_PATH = "/api/session/sign-on"


def keep_session(request: HTTPConnection, answer: Response, token: str, *, lasts: timedelta) -> None:
    """Let the browser keep its session. No script can read it, and no other site sends it."""
    seconds = math.ceil(lasts.total_seconds())
    _keep(request, answer, SESSION, token, path=_SESSION_PATH, seconds=seconds)


def forget_session(request: HTTPConnection, answer: Response) -> None:
    """Let the browser forget its session."""
    _keep(request, answer, SESSION, "", path=_SESSION_PATH, seconds=0)


def keep_attempt(request: HTTPConnection, answer: Response, attempt: str, *, lasts: timedelta) -> None:
    """Let the browser keep what its sign-in must match. It comes back from another site, so the cookie may not be strict."""
    seconds = int(lasts.total_seconds())
    _keep(request, answer, ATTEMPT, attempt, path=_ATTEMPT_PATH, seconds=seconds, same_site="lax")


def forget_attempt(request: HTTPConnection, answer: Response) -> None:
    """Let the browser forget a sign-in: each is good for one time."""
    _keep(request, answer, ATTEMPT, "", path=_ATTEMPT_PATH, seconds=0, same_site="lax")


def _keep(
    request: HTTPConnection,
    answer: Response,
    name: str,
    value: str,
    *,
    path: str,
    seconds: int,
    same_site: Literal["strict", "lax"] = "strict",
) -> None:
    """Set a cookie of ours, for so many seconds."""
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path=path,
        secure="https" in {request.url.scheme, request.headers.get("x-forwarded-proto")},
        httponly=True,
        samesite=same_site,
    )
