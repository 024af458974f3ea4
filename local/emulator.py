"""The AWS emulator and the stack in it.

Its queue, table and functions live in memory and are deployed anew at each start; only S3's objects are on disk, from
the moment they are written (docs/adr/0001).
"""

import contextlib
import os
import secrets
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import boto3

from local.errors import StackError
from local.processes import Program
from local.template import ROOT, search_path

REGION = "us-east-1"
_START_SECONDS = 60.0
_SERVICES = "cloudformation,dynamodb,events,iam,lambda,logs,s3,scheduler,sqs,sts"


def aws_environment(endpoint: str, *, access_key: str) -> dict[str, str]:
    """Give what points an AWS client at `endpoint`, with the id of an access key, and at nothing of the user's own."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **_credentials(access_key),
    }


def _credentials(access_key: str) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": "test"}  # which the emulator does not look at


class Emulator:
    """The emulator's process, on a port of its own that it keeps when it is started again."""

    def __init__(
        self,
        directory: Path,
        *,
        log: Path,
        proxies: Mapping[str, str],
        services: str = _SERVICES,
        app: str = "local.guard:app",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Take a free port.

        Args:
            directory: where S3's objects are kept.
            log: its output.
            proxies: for each function's name the URL that gets its events.
            services: those of AWS's that it plays.
            app: the ASGI app that it is, by module and name.
            settings: more of its environment.
        """
        self._services, self._app, self._settings = services, app, settings or {}
        self.directory = directory.absolute()
        self._log = log
        self._proxies = proxies
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.endpoint = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        #: The id of the access key that opens it (local/guard.py).
        self.access_key = f"MATINEE{secrets.token_hex(16).upper()}"
        self._program: Program | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What points an AWS client here."""
        return aws_environment(self.endpoint, access_key=self.access_key)

    @property
    def session(self) -> boto3.Session:
        """A session whose clients may come in; where, they have to be told."""
        known = _credentials(self.access_key)
        return boto3.Session(
            aws_access_key_id=known["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=known["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._program is not None and self._program.running

    def launch(self) -> None:
        """Start the process, and do not wait for it."""
        (self.directory / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
        number = self._socket.fileno()
        self._program = Program(
            [
                *(sys.executable, "-m", "hypercorn", self._app),
                *("--bind", f"fd://{number}", "--workers", "0", "--graceful-timeout", "1"),
                *("--backlog", "512"),
            ],
            env=self._environment(),
            cwd=self.directory,
            log=self._log,
            pass_fds=[number],
        )

    def wait(self) -> None:
        """Wait until it answers.

        Raises:
            StackError: if it does not.
        """
        deadline = time.monotonic() + _START_SECONDS
        signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={self.access_key}/"}
        asked = urllib.request.Request(f"{self.endpoint}/_ministack/health", headers=signed)  # noqa: S310  our own
        while time.monotonic() < deadline:
            if self._program is None or not self._program.running:
                break
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(asked, timeout=5),  # noqa: S310  our own
            ):
                return
        tail = self._program.last_lines() if self._program else ""
        raise StackError(f"The AWS emulator did not start; its log, {self._log}, ends with:\n{tail}")

    def stop(self) -> None:
        """End it. What was in its memory is gone; its port stays ours until `close`."""
        if self._program is not None:
            self._program.stop((signal.SIGTERM, 3))
            self._program = None

    def close(self) -> None:
        """Stop it and give the port back."""
        self.stop()
        self._socket.close()

    def _environment(self) -> dict[str, str]:
        port = str(self._socket.getsockname()[1])
        return {
            "PATH": search_path(),
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.directory),
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.directory / "tmp"),
            "SERVICES": self._services,
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "GATEWAY_PORT": port,
            "LOG_LEVEL": "WARNING",
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.directory / "s3"),
            "STATE_DIR": str(self.directory / "state"),
            # It would listen on ports of their own for these, and clean up in the user's Docker.
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "DOCKER_HOST": f"unix://{self.directory / 'no-docker'}",
            **_credentials(self.access_key),
            **{f"MINISTACK_LAMBDA_PROXY_{name}": url for name, url in self._proxies.items()},
            **self._settings,
        }
