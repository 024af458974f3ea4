"""An OpenID Connect issuer: people sign in there, and it tells who they are.

The authorization code flow with PKCE, as OpenID Connect Core 1.0 and RFC 7636 have it, with what the issuer's own discovery document says.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt

from matinee.model.errors import IssuerUnavailableError, UnauthorizedError

_SECONDS = 5.0
#: Signatures that only the issuer can make; never one of a shared secret, nor none.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_CLOCKS_DIFFER_S = 60


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What must be remembered of a sign-in until its browser comes back from the issuer."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str

    @classmethod
    def new(cls, redirect_uri: str) -> "Attempt":
        """Begin an attempt whose browser will come back to `redirect_uri`."""
        return cls(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=redirect_uri,
        )


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who somebody is, by the issuer's word."""

    subject: str  #: the issuer and its id of them: another issuer's same id is somebody else
    verified_email: str | None
    name: str | None


class Issuer:
    """One issuer, and us as its client. Every method raises IssuerUnavailableError if it does not answer as it should."""

    def __init__(self, url: str, *, client_id: str, client_secret: str) -> None:
        self._url = url.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret

    def authorize_url(self, attempt: Attempt) -> str:
        """Give the address at the issuer's to which the browser goes."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": attempt.redirect_uri,
            "scope": "openid email profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        there = str(self._told["authorization_endpoint"])
        return f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}"

    def identify(self, attempt: Attempt, code: str) -> Identity:
        """Tell who came back with this code.

        Raises:
            UnauthorizedError: if the issuer does not know the code, or what it says is not for us and for this attempt.
        """
        try:
            claims = self._claims(self._token(attempt, code))
        except jwt.PyJWKClientError as error:
            raise IssuerUnavailableError from error
        except jwt.InvalidTokenError as error:
            raise UnauthorizedError(f"{_REFUSED} What the issuer says is not valid: {error}.") from error
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), attempt.nonce.encode()):
            raise UnauthorizedError(f"{_REFUSED} What the issuer says is about another attempt.")
        verified = claims.get("email_verified") in {True, "true"}  # Cognito says it as a string
        return Identity(
            subject=f"{self._url} {claims['sub']}",
            verified_email=str(claims["email"]) if verified and claims.get("email") else None,
            name=str(claims["name"])[:200] if claims.get("name") else None,
        )

    @cached_property
    def _told(self) -> dict[str, Any]:
        """Read the discovery document (OpenID Connect Discovery 1.0, 4), once."""
        told = _json(lambda: httpx.get(f"{self._url}/.well-known/openid-configuration", timeout=_SECONDS))
        wanted = {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"}
        if not wanted <= told.keys() or str(told["issuer"]).rstrip("/") != self._url:
            raise IssuerUnavailableError(f"{self._url} does not describe itself as an OpenID Connect issuer.")
        return told

    @cached_property
    def _keys(self) -> jwt.PyJWKClient:
        return jwt.PyJWKClient(self._told["jwks_uri"], timeout=round(_SECONDS))

    def _token(self, attempt: Attempt, code: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "client_id": self._client_id,
            "code_verifier": attempt.verifier,
        }
        secret = (self._client_id, self._client_secret) if self._client_secret else None
        endpoint = self._told["token_endpoint"]
        answer = _json(lambda: httpx.post(endpoint, data=form, auth=secret, timeout=_SECONDS), refusals=True)
        if "id_token" not in answer:
            raise UnauthorizedError(f"{_REFUSED} The issuer says: {str(answer.get('error', 'nothing'))[:100]}.")
        return str(answer["id_token"])

    def _claims(self, token: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            self._keys.get_signing_key_from_jwt(token),
            algorithms=_ALGORITHMS,
            audience=self._client_id,
            issuer=self._told["issuer"],
            leeway=_CLOCKS_DIFFER_S,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
        return claims


_REFUSED = "You could not be signed in. Try it again from the start."


def _json(ask: Any, *, refusals: bool = False) -> dict[str, Any]:
    """Ask, and read the answer; with `refusals` one of status 400 or 401 too, for it says what is wrong."""
    try:
        answer = ask()
        if not answer.is_success and not (refusals and answer.status_code in {400, 401}):
            raise IssuerUnavailableError
        told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise IssuerUnavailableError from error
    if not isinstance(told, dict):
        raise IssuerUnavailableError
    return told
