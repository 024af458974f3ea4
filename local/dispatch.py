"""The door through which the emulator's events reach our workers.

The emulator POSTs what it would hand to a Lambda function to `/<token>/<function>`; the answer is the function's, or 502
with Lambda's error document, which the emulator treats as Lambda treats a failed invocation.
"""

import hmac
import json
import secrets
import socketserver
import threading
import uuid
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from local.pool import Function, InvocationError, Pool

#: An event carries at most a queue message of 1 MiB, or 6 MB to a function that is invoked by hand.
_MOST_BYTES = 8_000_000


class Dispatcher:
    """A server on a free loopback port, and a pool of workers for each function."""

    def __init__(self, *, logs: Path) -> None:
        self._logs = logs
        self._pools: dict[str, Pool] = {}
        self._token = secrets.token_urlsafe(24)
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    def url(self, function: str) -> str:
        """Give the URL that takes `function`'s events."""
        return f"{self.origin}/{self._token}/{function}"

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def serve(self, functions: Iterable[Function]) -> None:
        """Serve these from now on. A function that is as it was keeps its workers; others get new ones."""
        wanted = {function.name: function for function in functions}
        for name, function in wanted.items():
            old = self._pools.get(name)
            if old is None or old.function != function:
                self._pools[name] = Pool(function, logs=self._logs)
                if old is not None:
                    old.close()

    def warm(self) -> None:
        """Start the workers of those functions that want to be warm."""
        for pool in self._pools.values():
            pool.warm()

    def invoke(self, function: str, event: Any, *, request_id: str | None = None) -> Any:
        """Run `function` on `event` and give what it returns.

        Raises:
            InvocationError: if it fails.
            KeyError: if there is no such function.
        """
        return self._pools[function].invoke(event, request_id=request_id or str(uuid.uuid4()))

    def pids(self) -> Mapping[str, list[int]]:
        """Give the workers' process ids by function."""
        return {name: pool.pids() for name, pool in self._pools.items()}

    def close(self) -> None:
        """Take no more events, and end all workers."""
        self._server.shutdown()
        self._server.server_close()
        closers = [threading.Thread(target=pool.close) for pool in self._pools.values()]
        for closer in closers:
            closer.start()
        for closer in closers:
            closer.join()

    def function_at(self, path: str) -> str | None:
        """Give the function that a request's `path` names, if it has our token and there is such a one."""
        token, _, name = path.lstrip("/").partition("/")
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return None
        return name if name in self._pools else None


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 256


def _handler(dispatcher: Dispatcher) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            function = dispatcher.function_at(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            if function is None or length > _MOST_BYTES:
                self._say(HTTPStatus.NOT_FOUND, {"errorType": "ResourceNotFoundException"})
                return
            event = json.loads(self.rfile.read(length))
            try:
                result = dispatcher.invoke(function, event, request_id=self.headers.get("X-Amzn-Lambda-Request-Id"))
            except InvocationError as error:
                self._say(HTTPStatus.BAD_GATEWAY, error.extra)
            else:
                self._say(HTTPStatus.OK, result)

        def _say(self, status: HTTPStatus, body: Any) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  its base's name
            """Say nothing: the workers' logs tell what happened."""

    return Handler
