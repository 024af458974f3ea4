"""From a request to the principal behind it."""

from typing import Protocol

from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from matinee.model.access import Principal
from matinee.model.errors import UnauthorizedError

#: Documents the scheme in OpenAPI; `principal_from` decides, so that every refusal is the same problem document.
bearer = HTTPBearer(auto_error=False, description="An API key: `Authorization: Bearer mt_...`")


class KeyRing(Protocol):
    """Knows keys and tickets. `matinee.stores.keys.Keys`, which this layer may not import."""

    def principal_of(self, key: str) -> Principal | None:
        """Give the bearer of `key`, if it is valid now."""

    def ticket_principal(self, ticket: str) -> Principal | None:
        """Give the bearer of `ticket`, if it is valid now."""


def ticket_cookie(run_id: str) -> str:
    """Name the cookie in which a browser keeps its ticket for a run."""
    return f"matinee_ticket_{run_id}"


def principal_from(request: HTTPConnection, keys: KeyRing, *, run_id: str | None = None) -> Principal:
    """Tell who is asking.

    A key goes in `Authorization: Bearer`. What a browser opens by itself (events, console, report) names its run here,
    and may then come with a ticket for that run, as `?ticket=` or in the cookie of `ticket_cookie`.

    Raises:
        UnauthorizedError: if there is no key, or it is not valid; a wrong key is not made good by a ticket.
        DatabaseUnavailableError: if that cannot be known now.
    """
    if "authorization" in request.headers:
        principal = _of_key(request.headers["authorization"], keys)
    else:
        principal = _of_ticket(request, keys, run_id) if run_id else None
    if principal is None:
        raise UnauthorizedError
    return principal


def _of_key(header: str, keys: KeyRing) -> Principal | None:
    scheme, _, key = header.partition(" ")
    return keys.principal_of(key.strip()) if scheme.lower() == "bearer" else None


def _of_ticket(request: HTTPConnection, keys: KeyRing, run_id: str) -> Principal | None:
    ticket = request.query_params.get("ticket") or request.cookies.get(ticket_cookie(run_id))
    principal = keys.ticket_principal(ticket) if ticket else None
    return principal if principal and principal.run_id == run_id else None
