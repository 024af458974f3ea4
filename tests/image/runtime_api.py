"""Lambda's Runtime API, for one environment: the container asks it for events, and tells it what became of them."""

import json
import queue
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_ARN = "arn:aws:lambda:us-east-1:000000000000:function:"


class FunctionFailedError(Exception):
    """The function raised, or could not be loaded."""


class RuntimeApi:
    """Listens on loopback from the start, for the container does not wait for it."""

    def __init__(self, function: str, *, timeout_s: float) -> None:
        self._function, self._timeout_s = function, timeout_s
        self._events: queue.Queue[tuple[str, str]] = queue.Queue()
        self._answers: queue.Queue[tuple[bool, Any]] = queue.Queue()
        self._asked = threading.Event()
        self.first_asked: float | None = None  #: when the function was loaded and asked for its first event, monotonic
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def invoke(self, event: dict[str, Any]) -> Any:
        """Hand an event over; give the function's answer.

        Raises:
            FunctionFailedError: with what it raised.
            TimeoutError: if it does not answer in its time.
        """
        self._events.put((str(uuid.uuid4()), json.dumps(event)))
        return self._answer(self._timeout_s)

    def wait_until_asked(self, seconds: float) -> None:
        """Wait until the function is loaded.

        Raises:
            FunctionFailedError: if it cannot be.
            TimeoutError: if it is not by then.
        """
        if not self._asked.wait(seconds):
            self._answer(0)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, seconds: float) -> Any:
        try:
            good, said = self._answers.get(timeout=seconds) if seconds else self._answers.get_nowait()
        except queue.Empty:
            raise TimeoutError("the function did not answer in its time") from None
        if not good:
            raise FunctionFailedError(json.dumps(said))
        return said

    def next(self) -> tuple[str, str, dict[str, str]]:
        """Wait for the next event: its id, itself, and what Lambda tells with it."""
        self.first_asked = self.first_asked or time.monotonic()
        self._asked.set()
        request_id, event = self._events.get()
        told = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(round((time.time() + self._timeout_s) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": f"{_ARN}{self._function}",
            "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
        }
        return request_id, event, told

    def hear(self, *, good: bool, said: Any) -> None:
        """Take an answer."""
        self._answers.put((good, said))


class _Handler(BaseHTTPRequestHandler):
    api: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        _, event, told = self.api.next()
        self._say(200, event.encode(), told)

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
        self.api.hear(good=self.path.endswith("/response"), said=said)
        self._say(202, b"", {})

    def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the tests tell what went wrong."""
