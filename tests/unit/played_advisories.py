"""OSV and npm's registry, played on a loopback port."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def played(python: Mapping[str, Mapping[str, Any]], npm: Mapping[str, list[Any]] | None) -> Iterator[str]:
    """Answer with OSV's records of these packages, and npm's of these; nothing of npm is a registry without advisories. Gives the URL."""

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            self._answer(next((one for one in python.values() if name in {one["id"], *one["aliases"]}), None))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path != "/v1/querybatch":
                self._answer(npm)
                return
            asked = [each["package"]["name"] for each in json.loads(body)["queries"]]
            found = [
                [{"id": python[name]["id"], "modified": "2026-01-01T00:00:00Z"}] if name in python else []
                for name in asked
            ]
            self._answer({"results": [{"vulns": each} if each else {} for each in found]})

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _answer(self, told: Any) -> None:
            data = json.dumps(told).encode()
            self.send_response(405 if told is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
