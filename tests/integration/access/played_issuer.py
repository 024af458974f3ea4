"""An OpenID Connect issuer that a test plays: it lets in whoever it is told to, and can lie."""

import base64
import hashlib
import html
import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "matinee", "shared"
_PAGE = '<!doctype html><title>The issuer</title><a href="{}">It is me</a>'


class PlayedIssuer:
    """Serves discovery, keys and tokens on loopback, and a page where people sign in; without a browser that is played by `agree`."""

    def __init__(self) -> None:
        self.who: dict[str, Any] = {"sub": "1", "email": "ada@example.com", "email_verified": True, "name": "Ada"}
        self.lies: dict[str, Any] = {}  #: claims that are put over the true ones
        self.key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        self.signs_with = self.key
        self.down = False
        self.asked: list[str] = []
        self._codes: dict[str, Mapping[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def agree(self, authorize_url: str) -> str:
        """Let the person in whom a browser brings to this address; give the address that it is sent back to."""
        asked = {name: value[0] for name, value in parse_qs(urlsplit(authorize_url).query).items()}
        assert (CLIENT_ID, "code", "S256") == (
            asked["client_id"],
            asked["response_type"],
            asked["code_challenge_method"],
        )
        code = f"code{len(self._codes)}"
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def _token(self, form: Mapping[str, str], authorization: str) -> tuple[int, Any]:
        asked = self._codes.pop(form["code"], None)
        secret = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization != f"Basic {secret}":
            return 401, {"error": "invalid_client"}
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        token = jwt.encode(
            {**claims, **self.who, **self.lies}, self.signs_with, algorithm="RS256", headers={"kid": "k"}
        )
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": token}

    def _described(self) -> Any:
        there = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {"issuer": self.url, **{name: self.url + path for name, path in there.items()}}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.startswith("/authorize?"):
                    self._send(200, "text/html", _PAGE.format(html.escape(issuer.agree(self.path))).encode())
                    return
                known = {
                    "/.well-known/openid-configuration": issuer._described,
                    "/keys": lambda: {"keys": [{**_jwk(issuer.key), "kid": "k", "use": "sig"}]},
                }
                self._answer(200, known[self.path]())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                form = {name: value[0] for name, value in parse_qs(body).items()}
                self._answer(*issuer._token(form, self.headers.get("authorization", "")))

            def _answer(self, status: int, body: Any) -> None:
                issuer.asked.append(self.path)
                data = b"" if issuer.down else json.dumps(body).encode()
                self._send(503 if issuer.down else status, "application/json", data)

            def _send(self, status: int, kind: str, data: bytes) -> None:
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def _jwk(key: rsa.RSAPrivateKey) -> Any:
    return json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
