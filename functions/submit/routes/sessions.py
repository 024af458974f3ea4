"""The routes with which browsers sign in and out."""

from fastapi import APIRouter, Request, Response, Security

from functions.submit.asking import ApiKey, Caller
from matinee import bootstrap
from matinee.http import cookies, links, schemas
from matinee.http.auth import cookie, session_of
from matinee.http.problems import documented
from matinee.model.errors import ForbiddenError, UnauthorizedError

router = APIRouter(tags=["access"])


@router.post(
    "/api/session",
    operation_id="signIn",
    summary="Sign a browser in",
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
    lasts = made.session.expires_at - made.session.created_at
    cookies.keep_session(request, response, made.token, lasts=lasts)
    return schemas.Session.model_validate(made.session)


@router.get(
    "/api/session",
    operation_id="getSession",
    summary="Who is signed in",
    responses=documented(401, 503),
    dependencies=[Security(cookie)],
)
def get_session(request: Request) -> schemas.Session:
    """Give the browser's session."""
    token = session_of(request)
    found = bootstrap.sessions().find(token) if token else None
    if found is None:
        raise UnauthorizedError(
            "You are not signed in. An API key signs you in, or a link that `matinee sign-in` prints."
        )
    return schemas.Session.model_validate(found)


@router.delete(
    "/api/session",
    operation_id="signOut",
    summary="Sign a browser out",
    status_code=204,
    responses=documented(503),
    dependencies=[Security(cookie)],
)
def sign_out(request: Request, response: Response) -> None:
    """End the browser's session, if it has one, and let it forget the cookie."""
    if token := session_of(request):
        bootstrap.sessions().end(token)
    cookies.forget_session(request, response)


@router.post(
    "/api/session/links",
    operation_id="createSignInLink",
    summary="Make a link that signs a browser in",
    status_code=201,
    responses=documented(401, 503),
    dependencies=[ApiKey],
)
def create_sign_in_link(principal: Caller) -> schemas.SignInLink:
    """Make a link to a session of the same API key. It works once, within 15 minutes."""
    if principal.key_id is None:
        raise UnauthorizedError
    token, expires_at = bootstrap.sessions().issue_link(principal.key_id)
    return schemas.SignInLink(path=links.sign_in_path(token), expires_at=expires_at)
