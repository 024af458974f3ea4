"""The routes with which people sign in by an OpenID Connect issuer."""

import base64
import json
import re
import secrets
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import RedirectResponse

from matinee import bootstrap, settings
from matinee.http import cookies, schemas
from matinee.http.pages import page
from matinee.http.problems import documented
from matinee.model.errors import InvalidFieldsError, MatineeError, NotFoundError, UnauthorizedError
from matinee.stores.issuer import Attempt, Issuer

router = APIRouter(tags=["access"])

_CALLBACK = "/api/session/sign-on/callback"
_LASTS = timedelta(minutes=10)
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]{1,255}")


@router.get("/api/session/ways", operation_id="getSignInWays", summary="How one can sign in here")
def get_ways() -> schemas.SignInWays:
    """Tell how one can sign in, beside with an API key. Needs no key."""
    told = settings.load(settings.OidcSettings)
    return schemas.SignInWays(single_sign_on=told.oidc_name if told.oidc_issuer else None)


@router.get(
    "/api/session/sign-on",
    operation_id="signOn",
    summary="Sign in by the OpenID Connect issuer",
    status_code=303,
    response_class=Response,
    responses=documented(404, 422, 503),
)
def sign_on(
    request: Request,
    origin: Annotated[
        str, Query(max_length=300, description="The one of the page that one comes from, and goes back to.")
    ],
) -> Response:
    """Send the browser to the issuer. It goes back to this origin, if the issuer knows that as one of ours."""
    if not _ORIGIN.fullmatch(origin):
        raise InvalidFieldsError({"origin": "it is no origin, such as https://example.com"})
    attempt = Attempt.new(f"{origin}{_CALLBACK}")
    answer = RedirectResponse(_issuer().authorize_url(attempt), status_code=HTTPStatus.SEE_OTHER)
    answer.headers["Cache-Control"] = "no-store"
    cookies.keep_attempt(request, answer, _written(attempt), lasts=_LASTS)
    return answer


@router.get(
    _CALLBACK,
    operation_id="signOnCallback",
    summary="Come back from the OpenID Connect issuer",
    response_class=Response,
    responses={200: {"description": "A page that goes on to the web interface."}, **documented(404, 422)},
)
def callback(
    request: Request,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=4_000)] = "",
    error: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Make a session of whoever the issuer says has come, if they are a member of a workspace."""
    issuer = _issuer()
    try:
        answer = _signed_in(request, issuer, state=state, code=code, error=error)
    except MatineeError as refusal:
        answer = page(
            HTTPStatus.OK,
            title="You are not signed in",
            says=refusal.detail,
            tone="bad",
            advice="Go back, and try it again.",
        )
    cookies.forget_attempt(request, answer)
    return answer


def _signed_in(request: Request, issuer: Issuer, *, state: str, code: str, error: str) -> Response:
    attempt = _read(request.cookies.get(cookies.ATTEMPT, ""))
    if attempt is None or not secrets.compare_digest(attempt.state.encode(), state.encode()):
        raise UnauthorizedError("This browser has not begun to sign in, or took longer than ten minutes for it.")
    if error or not code:
        raise UnauthorizedError(f"The issuer has not let you in: {error or 'it says no more'}.")
    who = issuer.identify(attempt, code)
    found = bootstrap.members().meet(who.subject, verified_email=who.verified_email, name=who.name)
    if not found:
        address = who.verified_email or "an address that the issuer has not verified"
        raise UnauthorizedError(
            f"You are known here by {address}, and a member of no workspace. An owner of one can add you."
        )
    made = bootstrap.sessions().sign_in_member(found[0].member_id)
    # A redirect that began at another site would leave the strict cookie behind; a page of ours that goes on does not.
    answer = page(HTTPStatus.OK, title="Signed in", says="One moment.", again_after=0, go_to="/")
    cookies.keep_session(request, answer, made.token, lasts=made.session.expires_at - made.session.created_at)
    return answer


def _issuer() -> Issuer:
    issuer = bootstrap.issuer()
    if issuer is None:
        raise NotFoundError("Nobody signs in here but with an API key: there is no OpenID Connect issuer.")
    return issuer


def _written(attempt: Attempt) -> str:
    return base64.urlsafe_b64encode(json.dumps(vars(attempt)).encode()).decode()


def _read(text: str) -> Attempt | None:
    try:
        return Attempt(**json.loads(base64.urlsafe_b64decode(text)))
    except (ValueError, TypeError):
        return None
