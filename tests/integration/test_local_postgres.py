"""Postgres as the local stack starts it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local.errors import StackError
from local.postgres import EmbeddedPostgres
from tests.integration.procfs import still_alive

#: Starts a server in argv[1], says so, and waits.
_HOLD = """
import sys, time
from pathlib import Path
from local.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.conninfo, flush=True)
time.sleep(600)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server that has not been started, and is stopped in the end."""
    server = EmbeddedPostgres(tmp_path / "postgres")
    yield server
    server.stop()


def _ask(server: EmbeddedPostgres, question: str) -> str:
    with psycopg.connect(server.conninfo, connect_timeout=5) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return str(row[0])


def _postmaster(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().split()[0])


def _gone(*pids: int) -> bool:
    return not still_alive([*pids], after=10)


def test_what_was_written_is_there_after_a_restart(server: EmbeddedPostgres) -> None:
    """The data folder survives stop and start; so does the server object."""
    server.start()
    with psycopg.connect(server.conninfo) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    server.start()

    assert "42" == _ask(server, "SELECT answer FROM kept")


def test_it_listens_on_no_port_and_keeps_its_promises_to_the_disk(server: EmbeddedPostgres) -> None:
    """Only the socket in its folder reaches it, and a commit is on the disk."""
    server.start()

    assert "" == _ask(server, "SHOW listen_addresses")
    assert "on" == _ask(server, "SHOW fsync")
    assert "matinee" == _ask(server, "SELECT current_database()")


@pytest.mark.parametrize("name", ["x" * 150, "with, comma", "mit Umlaut ä'"])
def test_any_home_will_do(tmp_path: Path, name: str) -> None:
    """A path too long for a socket, or with letters libpq splits at, gets its socket elsewhere; stop takes it away."""
    server = EmbeddedPostgres(tmp_path / name)
    try:
        server.start()
        assert "1" == _ask(server, "SELECT 1")
        sockets = server._sockets
        assert sockets != server.directory
    finally:
        server.stop()
    assert not sockets.exists()


def test_it_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """`kill -9` of the process that started it ends the server too, and the next start is a clean one."""
    directory = tmp_path / "postgres"
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(directory)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        pid = _postmaster(directory / "data")
        parent.kill()

    assert _gone(pid)


def test_a_killed_server_starts_again(server: EmbeddedPostgres) -> None:
    """A postmaster.pid left by `kill -9` is no obstacle, and what was committed is there."""
    server.start()
    with psycopg.connect(server.conninfo) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(_postmaster(server.data), signal.SIGKILL)
    server.stop()
    assert (server.data / "postmaster.pid").exists()

    server.start()
    assert "42" == _ask(server, "SELECT answer FROM kept")


def test_a_start_waits_for_what_is_left_of_a_killed_server(server: EmbeddedPostgres) -> None:
    """A session of it that takes a second to notice still has its memory, in which no other server may begin."""
    server.start()
    with psycopg.connect(server.conninfo) as connection:
        session = connection.info.backend_pid
        os.kill(session, signal.SIGSTOP)
        os.kill(_postmaster(server.data), signal.SIGKILL)
        server.stop()
        leaves = threading.Timer(1.0, os.kill, [session, signal.SIGKILL])
        leaves.start()

        server.start()
    leaves.join()

    assert "pre-existing shared memory block" in (server.directory / "postgres.log").read_text()
    assert "1" == _ask(server, "SELECT 1")


def test_a_pid_that_is_somebody_elses_now_is_forgotten(server: EmbeddedPostgres) -> None:
    """After a reboot the pid in postmaster.pid may be any program's: ours, here."""
    server.start()
    pid_file = server.data / "postmaster.pid"
    stale = pid_file.read_text()
    server.stop()
    pid_file.write_text(re.sub(r"^\d+", str(os.getpid()), stale))

    server.start()
    assert "1" == _ask(server, "SELECT 1")


def test_another_versions_folder_gets_a_sentence(server: EmbeddedPostgres) -> None:
    """The sentence names both versions and the folder, and says what to do."""
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("17\n")

    with pytest.raises(StackError, match=r"was made by Postgres 17; this Matinee brings 18. Move it away"):
        server.start()


def test_a_foreign_folder_is_left_alone(server: EmbeddedPostgres) -> None:
    """A folder with something else in it is not written into."""
    server.data.mkdir(parents=True)
    (server.data / "thesis.txt").write_text("mine")

    with pytest.raises(StackError, match="is no Postgres data folder"):
        server.start()
    assert ["thesis.txt"] == [path.name for path in server.data.iterdir()]


def test_a_broken_folder_gets_a_sentence(server: EmbeddedPostgres) -> None:
    """The sentence carries what Postgres said last, and says what to do."""
    server.start()
    server.stop()
    (server.data / "global" / "pg_control").unlink()

    with pytest.raises(StackError, match=r"did not start on .*pg_control.*move it away to start empty"):
        server.start()
    assert not server.running


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder of another user's, with nothing closed above it."""
    if os.geteuid() != 0:
        pytest.skip("we are an ordinary user: every other test here shows it")
    folder = Path(tempfile.mkdtemp(prefix="matinee-test-"))
    os.chown(folder, 65534, 65534)
    yield folder
    shutil.rmtree(folder)


def test_an_ordinary_user_needs_no_namespace(open_folder: Path) -> None:
    """As anybody but root the server runs as who we are."""
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
    hold = [*command, sys.executable, "-c", _HOLD, str(open_folder / "postgres")]
    with subprocess.Popen(hold, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        conninfo = parent.stdout.readline().decode()
        pid = _postmaster(open_folder / "postgres" / "data")
        owner = Path(f"/proc/{pid}").stat().st_uid
        parent.kill()

    assert conninfo.startswith("postgresql://")
    assert 65534 == owner
    assert _gone(pid)
