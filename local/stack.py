"""The embedded stack: Postgres, the AWS emulator with the deployed template in it, workers, and the HTTP functions."""

import signal
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from botocore.config import Config

from infra.deploy.viewer import publish_viewer
from local import environment
from local.aws import EmbeddedAws
from local.errors import StackError
from local.home import Home
from local.options import Options, silent
from local.ports import listen
from local.postgres import EmbeddedPostgres
from local.processes import Program
from local.runtime import Installation
from local.template import ROOT, template
from local.watch import Part, Watch
from matinee.http import links
from matinee.model.errors import MatineeError, UnauthorizedError
from matinee.stores.artifacts import Artifacts
from matinee.stores.keys import Keys
from matinee.stores.postgres import Database
from matinee.stores.sessions import Sessions

_READY_SECONDS = 60.0
#: Whoever starts a stack in the morning may come to its page in the evening.
_LINK_LASTS = timedelta(hours=24)


class Stack:
    """One stack in this process's hands. When this process ends, however it ends, so does all of it."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.url = ""
        self.api_key = ""
        self._closing = ExitStack()

    def start(self) -> None:
        """Start everything; return when it is ready.

        Raises:
            StackError: if it cannot run; whatever was started is stopped again.
        """
        try:
            self._start()
        except BaseException as error:
            self.stop()
            if isinstance(error, MatineeError) and not isinstance(error, StackError):
                raise StackError(error.detail) from error
            raise

    def stop(self) -> None:
        """End everything, the last first. To call it again does nothing."""
        self._closing.close()

    def sign_in_link(self) -> str:
        """Make a link that signs a browser in, once, within 24 hours.

        Raises:
            DatabaseUnavailableError: if Postgres does not answer.
            UnauthorizedError: if the stack's key has just been revoked.
        """
        database = Database(self._database_url())
        try:
            principal = Keys(database).principal_of(self.api_key)
            if principal is None or principal.key_id is None:
                raise UnauthorizedError
            link = Sessions(database).issue_link(principal.key_id, lasts=_LINK_LASTS)
        finally:
            database.close()
        return f"{self.url}{links.sign_in_path(link.token)}"

    def _start(self) -> None:
        options = self.options
        self._began = time.monotonic()
        self.home = Home.open(options.home)
        self._closing.callback(self.home.close)
        self._sockets = self._listen(options.port, "MATINEE_PORT")
        self.port = self._sockets[0].getsockname()[1]
        of_reports = self._listen(options.report_port, "MATINEE_REPORT_PORT")
        self.report_port = of_reports[0].getsockname()[1]
        self._sockets += of_reports
        self.url = f"http://127.0.0.1:{self.port}"
        self.home.announce(self.url)

        self.postgres = (
            None if options.database_url else EmbeddedPostgres(self.home.path / "postgres", durable=options.durable)
        )
        if self.postgres:
            self._closing.callback(self.postgres.stop)
        self.aws = EmbeddedAws(self.home, options)
        self._closing.callback(self.aws.close)

        self._prepare()
        self._deploy()
        self._serve()
        self._closing.callback(self._stop_serving)
        self._publish_viewer()
        self._wait_until_ready()
        self.aws.begin()  # after the readiness, so that people need not wait for what nobody needs yet
        self._closing.callback(Watch(self._parts(), say=options.say).stop)

    def _listen(self, port: int, setting: str) -> list[socket.socket]:
        return [self._closing.enter_context(each) for each in listen(port, setting)]

    def _prepare(self) -> None:
        """Do at the same time what does not depend on each other."""
        installation = Installation()
        steps: dict[str, Callable[[], Any]] = {
            "browser runtime": installation.run,
            "stack template": template,
            "AWS": self.aws.start,
            "Postgres": self._open_database,
        }
        with ThreadPoolExecutor(len(steps)) as pool:
            jobs = {pool.submit(step): name for name, step in steps.items()}
            try:
                for job in as_completed(jobs):
                    job.result()
                    self._say(jobs[job])
            except BaseException:
                installation.stop()
                self.aws.close()
                if self.postgres:
                    self.postgres.stop()
                raise

    def _open_database(self) -> None:
        if self.postgres:
            self.postgres.start()
        database = Database(self._database_url())
        try:
            database.migrate()
            self.api_key = self.home.api_key(Keys(database))
        finally:
            database.close()

    def _database_url(self) -> str:
        if self.postgres:
            return self.postgres.conninfo
        return self.options.database_url or ""

    def _deploy(self) -> None:
        database_url = self._database_url()
        functions = self.aws.deploy(template(), database_url=database_url, urls=[self.url, self.report_url])
        self._http_environment = environment.for_http(
            functions,
            aws=self.aws.environment,
            database_url=database_url,
            scratch=self.home.scratch,
            report_origins=self._report_origins(),
            vault_key=self.home.vault_key,
        )
        self._viewer = functions["report_proxy"].environment
        self._say("deployed")

    @property
    def report_url(self) -> str:
        """The origin of the reports, for who comes to `url`."""
        return f"http://localhost:{self.report_port}"

    def _report_origins(self) -> str:
        """Pair the two names of this machine: to a browser, ports make no difference to whose cookies are sent."""
        crossed = {self.url: self.report_url, f"http://localhost:{self.port}": f"http://127.0.0.1:{self.report_port}"}
        return " ".join(f"{own}={reports}" for own, reports in crossed.items())

    def _publish_viewer(self) -> None:
        s3 = self.aws.session.client(
            "s3", endpoint_url=self.aws.endpoint, config=Config(s3={"addressing_style": "path"})
        )
        bucket, version = self._viewer["ARTIFACTS_BUCKET"], self._viewer["PLAYWRIGHT_VERSION"]
        publish_viewer(Artifacts(s3, bucket=bucket), environment.RUNTIME, version=version)

    def _restart_aws(self) -> None:
        self.aws.start()
        self._deploy()
        self._publish_viewer()
        self.aws.begin()

    def _serve(self) -> None:
        numbers = [each.fileno() for each in self._sockets]
        self._http = Program(
            [sys.executable, "-m", "local.http", *map(str, numbers)],
            env=self._http_environment,
            cwd=ROOT,
            log=self.home.logs / "http.log",
            pass_fds=numbers,
        )

    def _stop_serving(self) -> None:
        self._http.stop((signal.SIGTERM, 4))

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if not self._http.running:
                raise StackError(f"The HTTP server died; {self._http.log} ends with:\n{self._http.last_lines()}")
            with suppress(OSError), urllib.request.urlopen(f"{self.url}/api/health", timeout=10):  # noqa: S310  our own
                return self._say("ready")
            time.sleep(0.02)
        raise StackError(f"The stack was not ready after {_READY_SECONDS:.0f} s; its logs are in {self.home.logs}.")

    def _parts(self) -> list[Part]:
        parts = [
            Part(name="The AWS emulator", running=lambda: self.aws.running, start=self._restart_aws),
            Part(name="The HTTP server", running=lambda: self._http.running, start=self._serve),
        ]
        if postgres := self.postgres:
            parts.append(Part(name="Postgres", running=lambda: postgres.running, start=postgres.start))
        return parts

    def _say(self, what: str) -> None:
        self.options.say(f"{time.monotonic() - self._began:5.1f} s  {what}")


@contextmanager
def temporary(home: Path | None = None, port: int = 0, *, say: Callable[[str], None] = silent) -> Iterator[Stack]:
    """Give a stack that runs as long as the block, on a free port unless one is given.

    Without a `home` its state goes too.

    Raises:
        StackError: if it cannot run.
    """
    with ExitStack() as closing:
        folder = home or Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="matinee-home-")))
        stack = Stack(replace(Options.from_environment(home=folder, port=port, say=say), durable=home is not None))
        stack.start()
        closing.callback(stack.stop)
        yield stack
