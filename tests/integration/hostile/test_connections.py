"""Nothing connects to where it may not, whoever tries and however: from programs of its own, from Node, from the browser."""

import json
import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from matinee.model.run import TestStatus
from matinee.runner.execution import Execution
from matinee.runner.process import Supervised
from matinee.runner.warm import Place
from tests.integration.hostile.conftest import Run, Targets, attacks_of, script

RAW = Path(__file__).with_name("raw.py")
HOSTS = ["127.0.0.1", "127.8.9.1", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "localhost"]
PRIVATE = [
    "169.254.169.254",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "169.254.170.2",
    "10.0.0.1",
    "fe80::1",
]
ABSTRACT = f"matinee-test-{os.getpid()}"

#: What must become of an attack that is not among these: EACCES.
CONTAINED = {
    **dict.fromkeys(["open", "open, blocking"], "None"),
    "open, non-blocking": "EINPROGRESS",
    "open, datagram": "1",
    "fast open, sendto": "ENOTSUP",
    "fast open, sendmsg": "ENOTSUP",
    "race of addresses": "connected refused",
    "race of descriptors": "tried",
    "io_uring": "ENOSYS",
    "foreign numbers": "ENOSYS",
    "listener of our own": "EBUSY",
    "listeners left open": "[]",
    **dict.fromkeys(["packets", "hypervisor", "kernel's cryptography"], "EAFNOSUPPORT"),
    **dict.fromkeys(["sctp", "sctp as a stream", "multipath", "kernel's messages"], "EPROTONOSUPPORT"),
    "source route": "EPERM",
    "interfaces": "True",
    "unix, of our own": "connected",
    "user namespace": "EPERM",
    "secret memory": "ENOSYS",
}


@pytest.fixture(scope="module", autouse=True)
def desktop() -> Iterator[None]:
    """A program of this machine's that listens on an abstract name, as X11 does, and believes whoever has its user's uid."""
    with socket.socket(socket.AF_UNIX) as stream, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
        stream.bind(f"\0{ABSTRACT}")
        stream.listen()
        datagrams.bind(f"\0{ABSTRACT}-datagrams")
        yield


@pytest.fixture(scope="module", params=["confined", "unconfined"])
def raw(
    request: pytest.FixtureRequest,
    place: Place,
    unconfined: Place,
    targets: Targets,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """What became of each attack of raw.py's, in the sandbox, where a Python is in it, and without one."""
    sandboxed = request.param == "confined"
    where = place if sandboxed else unconfined
    python = "/usr/bin/python3" if sandboxed else sys.executable
    if not Path(python).exists():
        pytest.skip("there is no Python in the sandbox of this machine")
    folder = tmp_path_factory.mktemp("raw")
    (folder / "raw.py").write_bytes(RAW.read_bytes())
    where.sandbox.lay_out(folder, where.runtime)
    inside = where.sandbox.inside(folder)
    aims = {
        "open": targets.open.port, "closed": targets.closed.port, "hosts": [*HOSTS, targets.own], "private": PRIVATE,
        "abstract": ABSTRACT, "folder": str(inside),
    }  # fmt: skip
    argv = [python, "-I", "-S", str(inside / "raw.py"), json.dumps(aims)]
    program = Supervised(
        where.sandbox.command(argv, folder=folder, runtime=where.runtime),
        env={"PATH": os.defpath},
        cwd=Path("/"),
        bounds=where.sandbox.bounds(memory_bytes=1 << 30, egress=where.egress),
    )
    try:
        program.go(seconds=60)
        said = program.stdout.read()
        ending = program.wait()
    finally:
        program.close()
    assert ending.exit == 0, said.decode(errors="replace")
    found: dict[str, str] = json.loads(said)
    return found


def test_no_program_connects_to_where_it_may_not(raw: dict[str, str], targets: Targets) -> None:
    """By no address, no protocol, no call and no race; and what is open stays open, with nothing different about it."""
    expected = {attack: CONTAINED.get(attack, "EACCES") for attack in raw}

    assert expected == raw
    assert 0 == targets.closed.visitors
    assert 0 < targets.open.visitors


@pytest.fixture(scope="module")
def connects(run: Run, targets: Targets) -> Execution:
    """A script that tries whatever Node and a browser have."""
    variables = {"OPEN": str(targets.open.port), "CLOSED": str(targets.closed.port), "OWN": targets.own}
    return run(script("connects"), seconds=60, variables=variables)


@pytest.mark.parametrize("attack", attacks_of("connects"))
def test_no_script_connects_to_where_it_may_not(connects: Execution, attack: str, targets: Targets) -> None:
    """From Node, from programs that it starts, from a page in whatever way a page has; what is open stays open."""
    assert [(TestStatus.PASSED, None)] == [
        (case.status, case.message) for case in connects.cases if case.title == attack
    ]
    assert 0 == targets.closed.visitors


def test_whoever_was_refused_is_told_so(connects: Execution, targets: Targets) -> None:
    """In the run's console: the first few destinations by name, and how many there were."""
    told = re.findall(
        r"^\[Matinee\] A connection to (\S+) was refused by the egress policy", connects.console.decode(), re.MULTILINE
    )
    (count,) = re.findall(
        r"^\[Matinee\] (\d+) connections were refused in all", connects.console.decode(), re.MULTILINE
    )

    assert {f"127.0.0.1:{targets.closed.port}", f"127.3.3.3:{targets.closed.port}"} < set(told)
    assert 5 == len(told)
    assert int(count) > 20
