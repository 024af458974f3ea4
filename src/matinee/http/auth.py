"""From a request to the principal behind it, and to what that may do."""

from collections.abc import Callable
from typing import Annotated, Protocol

from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from matinee.http.cookies import SESSION
from matinee.model.access import Principal, Role, acting
from matinee.model.errors import ForbiddenError, UnauthorizedError

bearer = HTTPBearer(auto_error=False, description="An API key: `Authorization: Bearer mt_...`")
cookie = APIKeyCookie(
    name=SESSION,
    scheme_name="session",
    auto_error=False,
    description=(
        "A browser's session, of `POST /api/session`. What changes something is taken with it only from Matinee's own"
        " pages (`Sec-Fetch-Site: same-origin`), else the answer is 403."
    ),
)
#: What changes nothing may be asked with a session from anywhere: no other page can read the answer.
_HARMLESS = {"GET", "HEAD", "OPTIONS"}


def _either(
    _key: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
    _session: Annotated[str | None, Security(cookie)],
) -> None:
    """Document both schemes in OpenAPI; `principal_from` decides, so that every refusal is the same problem document."""


#: Documents that an API key is needed, or a session.
credentials = Depends(_either)


class Needs:
    """A dependency: lets in whoever has this role, or more, and lets the audit log know whose doing the request is."""

    def __init__(self, role: Role, who: Callable[[HTTPConnection], Principal]) -> None:
        self.role = role
        self._who = who

    async def __call__(self, request: Request) -> Principal:
        """Tell who is asking.

        Raises:
            UnauthorizedError: if nobody is, that may come in.
            ForbiddenError: if they may not do this.
        """
        principal = await run_in_threadpool(self._who, request)
        require(principal, self.role)
        acting.set(principal.actor)  # in the request's own context, from which its thread gets a copy
        return principal


def require(principal: Principal, role: Role) -> None:
    """Refuse who has a lesser role.

    Raises:
        ForbiddenError: it says which role it takes.
    """
    if principal.role < role:
        may = f"This takes the role {role}; yours is {principal.role}."
        raise ForbiddenError(f"{may} An owner of the workspace can give you another.")


class KeyRing(Protocol):
    """Knows keys and tickets. `matinee.stores.keys.Keys`, which this layer may not import."""

    def principal_of(self, key: str) -> Principal | None:
        """Give the bearer of `key`, if it is valid now."""

    def ticket_principal(self, ticket: str) -> Principal | None:
        """Give the bearer of `ticket`, if it is valid now."""


class Visitors(Protocol):
    """Knows browsers' sessions. `matinee.stores.sessions.Sessions`, which this layer may not import."""

    def principal_of(self, token: str) -> Principal | None:
        """Give whose session it is, if it is valid now."""


def principal_from(
    request: HTTPConnection, keys: KeyRing, visitors: Visitors, *, run_id: str | None = None
) -> Principal:
    """Tell who is asking.

    A key goes in `Authorization: Bearer`. What a browser opens by itself (events, console, report) names its run here,
    and may then come with a ticket for that run, as `?ticket=`. A browser that is signed in has its session in a cookie.

    Raises:
        UnauthorizedError: if there is none of these, or none that is valid; a wrong key is not made good by the others.
        ForbiddenError: if it is a session, and not one of our own pages would change something with it.
        DatabaseUnavailableError: if that cannot be known now.
    """
    if "authorization" in request.headers:
        principal = _of_key(request.headers["authorization"], keys)
    else:
        principal = (_of_ticket(request, keys, run_id) if run_id else None) or _of_session(request, visitors)
    if principal is None:
        raise UnauthorizedError
    return principal


def session_of(request: HTTPConnection) -> str | None:
    """Give the session that a browser comes with, good or not.

    Raises:
        ForbiddenError: if it may not be used for this: a cookie comes along with what any page on this machine sends,
            for to browsers all ports of a host are one site.
    """
    token = request.cookies.get(SESSION)
    if token and request.scope["method"] not in _HARMLESS and request.headers.get("sec-fetch-site") != "same-origin":
        raise ForbiddenError
    return token


def _of_key(header: str, keys: KeyRing) -> Principal | None:
    scheme, _, key = header.partition(" ")
    return keys.principal_of(key.strip()) if scheme.lower() == "bearer" else None


def _of_ticket(request: HTTPConnection, keys: KeyRing, run_id: str) -> Principal | None:
    ticket = request.query_params.get("ticket")
    principal = keys.ticket_principal(ticket) if ticket else None
    return principal if principal and principal.run_id == run_id else None


def _of_session(request: HTTPConnection, visitors: Visitors) -> Principal | None:
    token = session_of(request)
    return visitors.principal_of(token) if token else None
