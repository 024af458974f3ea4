"""The AWS emulator's app, for nobody but the stack that started it: `hypercorn local.guard:app`.

By itself it does for everybody on this machine whatever they ask for, whoever they say they are. So each start has an access key that was never
used before, and a request without its id is refused, whatever it asks for: its own administration, its health, and what needs no signature.
"""

import hmac
import os
import re
from functools import cache
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from local.clock import app as emulator
from local.processes import hide

_SIGNED_BY = re.compile(r"\bCredential=([^/,\s]+)")
_REFUSED = b'{"message": "This is the AWS of a running Matinee, and nobody else\'s."}'


hide()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand on what comes from our own stack."""
    if scope["type"] == "lifespan" or (scope["type"] == "http" and _is_ours(scope)):
        await emulator(scope, receive, send)
    elif scope["type"] == "http":
        await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": _REFUSED})
    else:
        await send({"type": "websocket.close"})


def _is_ours(scope: Scope) -> bool:
    """Whether a request is signed, in its header or its query, by the key of this start."""
    header = next((value for name, value in scope["headers"] if name == b"authorization"), b"").decode("latin-1")
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    signed = [
        *_SIGNED_BY.findall(header)[:1],
        *(value.partition("/")[0] for value in query.get("X-Amz-Credential", [])[:1]),
    ]
    return len(signed) == 1 and hmac.compare_digest(signed[0].encode(), _key())


@cache
def _key() -> bytes:
    return os.environ["AWS_ACCESS_KEY_ID"].encode()
