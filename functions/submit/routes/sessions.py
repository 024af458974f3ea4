"""The routes with which browsers sign in and out."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, Security

from functions.submit.asking import ApiKey, Viewer
from matinee import bootstrap
from matinee.http import cookies, links, schemas
from matinee.http.auth import cookie, session_of
from matinee.http.problems import documented
from matinee.model.errors import ForbiddenError, NotFoundError, UnauthorizedError
from matinee.stores.sessions import NewSession

router = APIRouter(tags=["access"])


@router.post(
    "/api/session",
    operation_id="signIn",
    summary="Sign a browser in",
    response_model_exclude_none=True,
    responses=documented(400, 401, 403, 413, 422, 503),
)
def sign_in(body: schemas.SignInRequest, request: Request, response: Response) -> schemas.Session:
    """Make a session of an API key, or of a link, and keep it in a cookie. It lasts 30 days, and not longer than its key.

    No other page can sign its visitors in: a form cannot send JSON.
    """
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        raise ForbiddenError("Sign in at Matinee's own page; another one cannot do that for you.")
    sessions = bootstrap.sessions()
    made = sessions.sign_in(body.key) if body.key else sessions.sign_in_by_link(body.link or "")
    if former := request.cookies.get(cookies.SESSION):
        sessions.end(former)
    return _kept(request, response, made)


@router.get(
    "/api/session",
    operation_id="getSession",
    summary="Who is signed in",
    response_model_exclude_none=True,
    responses=documented(401, 503),
    dependencies=[Security(cookie)],
)
def get_session(request: Request, response: Response) -> schemas.Session:
    """Give the browser's session. Once an hour its cookie changes with that; a copy of a former one ends the session."""
    token = session_of(request)
    found = bootstrap.sessions().renew(token) if token else None
    if found is None:
        raise UnauthorizedError(_NOBODY)
    if found.token != token:
        return _kept(request, response, found)
    return schemas.Session.model_validate(found.session)


@router.put(
    "/api/session",
    operation_id="switchWorkspace",
    summary="Go to another workspace",
    response_model_exclude_none=True,
    responses=documented(400, 401, 403, 404, 413, 422, 503),
    dependencies=[Security(cookie)],
)
def switch_workspace(body: schemas.SwitchRequest, request: Request, response: Response) -> schemas.Session:
    """Put a member's session in another workspace of theirs in the place of the one that there is."""
    token = session_of(request)
    sessions = bootstrap.sessions()
    found = sessions.find(token) if token else None
    if token is None or found is None:
        raise UnauthorizedError(_NOBODY)
    if found.member is None:
        raise ForbiddenError(
            "You are signed in with a key, which is good for one workspace. Sign in with another one's."
        )
    others = {each.workspace_id: each for each in bootstrap.members().workspaces_of(found.member.id)}
    if body.workspace_id not in others:
        raise NotFoundError("You belong to no such workspace.")
    made = sessions.sign_in_member(others[body.workspace_id].member_id)
    sessions.end(token)
    return _kept(request, response, made)


@router.delete(
    "/api/session",
    operation_id="signOut",
    summary="Sign a browser out",
    status_code=204,
    responses=documented(422, 503),
    dependencies=[Security(cookie)],
)
def sign_out(
    request: Request,
    response: Response,
    everywhere: Annotated[
        bool, Query(description="Also every other session of the same key or member, in whichever browser.")
    ] = False,
) -> None:
    """End the browser's session, if it has one, and let it forget the cookie."""
    if token := session_of(request):
        sessions = bootstrap.sessions()
        if everywhere:
            sessions.end_all(token)
        sessions.end(token)
    cookies.forget_session(request, response)


@router.post(
    "/api/session/links",
    operation_id="createSignInLink",
    summary="Make a link that signs a browser in",
    status_code=201,
    responses=documented(401, 503),
    dependencies=[ApiKey],
)
def create_sign_in_link(principal: Viewer) -> schemas.SignInLink:
    """Make a link to a session of the same API key. It works once, within 15 minutes."""
    if principal.key_id is None:
        raise ForbiddenError(
            "A link is one to an API key, and you are here as a member: sign in by the issuer, there too."
        )
    token, expires_at = bootstrap.sessions().issue_link(principal.key_id)
    return schemas.SignInLink(path=links.sign_in_path(token), expires_at=expires_at)


_NOBODY = "You are not signed in. An API key signs you in, or a link that `matinee sign-in` prints."


def _kept(request: Request, response: Response, made: NewSession) -> schemas.Session:
    lasts = made.session.expires_at - datetime.now(UTC)
    cookies.keep_session(request, response, made.token, lasts=lasts)
    return schemas.Session.model_validate(made.session)
