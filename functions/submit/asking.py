"""What requests have in common: who asks, and for how much."""

from typing import Annotated

from fastapi import Depends, Header, Query
from starlette.requests import HTTPConnection

from matinee import bootstrap
from matinee.http.auth import Needs, credentials, principal_from
from matinee.model.access import Principal, Role
from matinee.model.run import RunTrigger
from matinee.stores.keys import DEFAULT_WORKSPACE_ID
from matinee.usecases.launch import Start

#: Documents, for all routes of a router, that an API key is needed, or a session.
ApiKey = credentials


def caller(request: HTTPConnection) -> Principal:
    """Tell who calls: an API key's bearer, or a session's. Sweep will look after what they change, should it break off."""
    principal = principal_from(request, bootstrap.keys(), bootstrap.sessions())
    if request.scope["method"] not in {"GET", "HEAD"}:
        bootstrap.rest().disturb()
    return principal


def reader(request: HTTPConnection) -> Principal:
    """Tell who reads this run: an API key's bearer, a session's, or a ticket's."""
    return principal_from(request, bootstrap.keys(), bootstrap.sessions(), run_id=request.path_params["run_id"])


#: Who asks, and what they are at least (`x-role` in OpenAPI).
Viewer = Annotated[Principal, Depends(Needs(Role.VIEWER, caller))]
Editor = Annotated[Principal, Depends(Needs(Role.EDITOR, caller))]
Owner = Annotated[Principal, Depends(Needs(Role.OWNER, caller))]
Reader = Annotated[Principal, Depends(Needs(Role.VIEWER, reader))]
IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=200, description="The same key and body again give the same run, for a day."),
]
IfMatch = Annotated[
    str | None,
    Header(description="The `ETag` of the version that you change, or `*`. Without it the answer is 428."),
]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=100, description="The `nextCursor` of the page before.")]


def operates(principal: Principal) -> bool:
    """Whether somebody looks after the installation, not only after a workspace of it."""
    return principal.workspace_id == DEFAULT_WORKSPACE_ID and principal.role is Role.OWNER


def starting(principal: Principal, idempotency_key: str | None) -> Start:
    """Tell who starts a run, and how."""
    return Start(workspace_id=principal.workspace_id, trigger=trigger_of(principal), idempotency_key=idempotency_key)


def trigger_of(principal: Principal) -> RunTrigger:
    """Tell how the caller starts runs: as a person who is signed in, or as a program with an API key."""
    return RunTrigger.MANUAL if principal.session else RunTrigger.API
