"""A stand-in for the Lambda Web Adapter, which only Lambda can run: starts the bundle's run.sh and hands it API Gateway's requests.

What it cannot show: that answers stream. It gives each when it has ended; template tests look at what makes them stream.
"""

import base64
import os
import socket
import subprocess
import time
import zipfile
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import quote

import httpx

from local.processes import DIE_WITH_US


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it
    """Ask the app what was asked of API Gateway."""
    body = event.get("body") or ""
    query = [(name, value) for name, all_ in (event["multiValueQueryStringParameters"] or {}).items() for value in all_]
    headers = [(name, value) for name, all_ in (event["multiValueHeaders"] or {}).items() for value in all_]
    answer = app().request(
        event["httpMethod"],
        quote(event["path"]),
        params=query,
        headers=[(name, value) for name, value in headers if name.lower() not in {"host", "content-length"}],
        content=base64.b64decode(body) if event.get("isBase64Encoded") else body.encode(),
    )
    return {
        "statusCode": answer.status_code,
        "multiValueHeaders": {
            name: answer.headers.get_list(name) for name in answer.headers if name != "content-encoding"
        },
        "body": base64.b64encode(answer.content).decode(),
        "isBase64Encoded": True,
    }


@cache
def app() -> httpx.Client:
    """Start the app of the bundle, as the adapter does, and wait until its port is open."""
    folder = mkdtemp(prefix="bundle-", dir=os.environ["TMPDIR"])
    with zipfile.ZipFile(os.environ["BUNDLE"]) as bundle:
        bundle.extractall(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "AWS_LWA_PORT": str(port), "PYTHONPATH": folder, "PYTHONSAFEPATH": "1"}
    subprocess.Popen([*DIE_WITH_US, "sh", str(Path(folder) / "run.sh")], cwd=folder, env=environment)
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300)
