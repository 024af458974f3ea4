"""The dispatcher and its workers, as the emulator meets them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local import pool as pool_module
from local.dispatch import Dispatcher
from local.pool import Function, InvocationError
from tests.integration.procfs import still_alive

_HERE = Path(__file__).parent

#: Serves the stand-in with two warm workers, tells their pids, and waits.
_HOLD = """
import json, os, sys, time
from pathlib import Path
from local.dispatch import Dispatcher
from local.pool import Function
folder = Path(sys.argv[1])
environment = json.loads(sys.argv[2])
dispatcher = Dispatcher(logs=folder)
dispatcher.serve([Function(name="standin", module="standin", timeout_seconds=60, environment=environment, workers=2, warm=True)])
dispatcher.warm()
while len(dispatcher.pids()["standin"]) < 2:
    time.sleep(0.05)
print(json.dumps(dispatcher.pids()["standin"]), flush=True)
time.sleep(600)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """All that a worker of the stand-in sees."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(_HERE),
        "TMPDIR": str(tmp_path),
        "AWS_LAMBDA_FUNCTION_NAME": "matinee-standin",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "MATINEE_FUNCTION_ARN": "arn:aws:lambda:us-east-1:000000000000:function:matinee-standin",
    }


@pytest.fixture
def standin(environment: dict[str, str]) -> Callable[..., Function]:
    """Describe the stand-in, with what the test wants otherwise."""

    def describe(**other: Any) -> Function:
        given = {"name": "standin", "module": "standin", "timeout_seconds": 30, "environment": environment}
        return Function(**{**given, **other})

    return describe


@pytest.fixture
def dispatcher(tmp_path: Path) -> Iterator[Dispatcher]:
    """A dispatcher without functions; closed in the end."""
    dispatcher = Dispatcher(logs=tmp_path / "logs")
    yield dispatcher
    dispatcher.close()


def _post(url: str, event: Any, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(url, data=json.dumps(event).encode(), headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def _gone(*pids: int) -> bool:
    return not still_alive([*pids], after=5)


def test_an_event_reaches_the_handler_and_its_answer_comes_back(dispatcher: Dispatcher, standin: Any) -> None:
    """With the invocation's request id and a deadline, as in Lambda."""
    dispatcher.serve([standin()])

    status, answer = _post(dispatcher.url("standin"), {"do": "tell"}, **{"X-Amzn-Lambda-Request-Id": "r-1"})

    assert 200 == status
    assert "r-1" == answer["request"]
    assert 25_000 < answer["left"] <= 30_000


def test_a_worker_sees_its_own_environment_only(
    dispatcher: Dispatcher, standin: Any, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of ours leaks into it."""
    monkeypatch.setenv("OUR_SECRET", "do not tell")
    dispatcher.serve([standin()])

    seen = dispatcher.invoke("standin", {"do": "environment"})

    assert environment.keys() == seen.keys() - {"LC_CTYPE"}  # which Python sets itself


def test_without_the_token_nothing_runs(dispatcher: Dispatcher, standin: Any) -> None:
    """Another program on this machine cannot make functions run."""
    dispatcher.serve([standin()])
    origin = dispatcher.url("standin").rsplit("/", 2)[0]

    assert 404 == _post(f"{origin}/guess/standin", {"do": "tell"})[0]
    assert 404 == _post(dispatcher.url("unknown"), {"do": "tell"})[0]


def test_one_worker_has_one_event_at_a_time(dispatcher: Dispatcher, standin: Any) -> None:
    """Two events at once on one worker take turns; on two they do not."""
    dispatcher.serve([standin(), standin(name="double", workers=2)])

    def pids(function: str) -> set[int]:
        event = {"do": "sleep", "seconds": 0.3}
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda _: dispatcher.invoke(function, event), range(2)))
        return {answer["pid"] for answer in answers}

    assert 1 == len(pids("standin"))
    assert 2 == len(pids("double"))


def test_what_a_handler_raises_fails_the_invocation_and_not_the_worker(dispatcher: Dispatcher, standin: Any) -> None:
    """The emulator gets Lambda's error document; the worker takes the next event."""
    dispatcher.serve([standin()])
    before = dispatcher.invoke("standin", {"do": "tell"})["pid"]

    status, answer = _post(dispatcher.url("standin"), {"do": "raise"})

    assert (502, {"errorType": "ValueError", "errorMessage": "as asked"}) == (status, answer)
    assert before == dispatcher.invoke("standin", {"do": "tell"})["pid"]


@pytest.mark.parametrize("end", ["exit", "die"])
def test_a_worker_that_dies_fails_its_event_and_is_replaced(dispatcher: Dispatcher, standin: Any, end: str) -> None:
    """As a Lambda environment: the invocation fails, the next one gets a fresh environment."""
    dispatcher.serve([standin()])
    before = dispatcher.invoke("standin", {"do": "tell"})["pid"]

    with pytest.raises(InvocationError, match=r"Runtime\.ExitError"):
        dispatcher.invoke("standin", {"do": end})
    assert before != dispatcher.invoke("standin", {"do": "tell"})["pid"]


def test_a_worker_that_dies_idle_is_replaced(dispatcher: Dispatcher, standin: Any) -> None:
    """Nobody notices but the log."""
    dispatcher.serve([standin()])
    pid = dispatcher.invoke("standin", {"do": "tell"})["pid"]
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)

    assert pid != dispatcher.invoke("standin", {"do": "tell"})["pid"]


def test_a_worker_that_takes_too_long_is_killed(dispatcher: Dispatcher, standin: Any) -> None:
    """At the function's own timeout."""
    dispatcher.serve([standin(timeout_seconds=1.5)])
    pid = dispatcher.invoke("standin", {"do": "tell"})["pid"]

    with pytest.raises(InvocationError, match=r"Sandbox\.Timedout"):
        dispatcher.invoke("standin", {"do": "sleep", "seconds": 60})
    assert _gone(pid)


def test_warm_workers_are_there_before_the_first_event(dispatcher: Dispatcher, standin: Any, tmp_path: Path) -> None:
    """The first is started at once, the others when nothing goes on; each calls the function's `warm`."""
    dispatcher.serve([standin(workers=2, warm=True)])
    dispatcher.warm()
    deadline = time.monotonic() + 10
    while len(list(tmp_path.glob("warm-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)

    pids = set(dispatcher.pids()["standin"])
    assert pids == {int(path.name.removeprefix("warm-")) for path in tmp_path.glob("warm-*")}
    assert dispatcher.invoke("standin", {"do": "tell"})["pid"] in pids


def test_there_are_only_as_many_workers_as_there_is_work(
    dispatcher: Dispatcher, standin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two stay; the others start when events come at once, and leave when they had nothing to do for a while."""
    monkeypatch.setattr(pool_module, "_LEAVE_SECONDS", 2.0)
    dispatcher.serve([standin(workers=5, warm=True)])
    dispatcher.warm()
    with ThreadPoolExecutor(5) as pool:
        event = {"do": "sleep", "seconds": 1.0}
        answers = list(pool.map(lambda _: dispatcher.invoke("standin", event), range(5)))
    at_work = dispatcher.pids()["standin"]
    deadline = time.monotonic() + 15
    while len(dispatcher.pids()["standin"]) > 2 and time.monotonic() < deadline:
        time.sleep(0.1)

    assert 5 == len({answer["pid"] for answer in answers}) == len(at_work)
    assert 2 == len(dispatcher.pids()["standin"])
    assert 3 == sum(_gone(pid) for pid in set(at_work) - set(dispatcher.pids()["standin"]))


def test_a_run_comes_back_to_the_worker_that_served_it(dispatcher: Dispatcher, standin: Any) -> None:
    """Which has its processes; other events take the worker that has rested longest."""
    dispatcher.serve([standin(workers=2)])

    def serve(run: str, seconds: float = 0.0) -> int:
        event = {"do": "sleep", "seconds": seconds, "Records": [{"body": json.dumps({"run_id": run})}]}
        return int(dispatcher.invoke("standin", event)["pid"])

    with ThreadPoolExecutor(2) as pool:
        ours, others = pool.map(lambda run: serve(run, 0.5), ["ours", "others"])

    assert [ours, ours, others, ours] == [serve(run) for run in ["ours", "ours", "others", "ours"]]
    assert others == serve("a third")


def test_a_worker_whose_run_is_over_gets_ready_for_another(
    dispatcher: Dispatcher, standin: Any, tmp_path: Path
) -> None:
    """Once nothing else goes on: what it kept for its run is of no use to the next."""
    dispatcher.serve([standin(warm=True)])
    dispatcher.warm()
    event = {"do": "tell", "Records": [{"body": json.dumps({"run_id": "r"})}]}
    sign = tmp_path / f"refreshed-{dispatcher.invoke('standin', event)['pid']}"
    deadline = time.monotonic() + 15
    while not sign.exists() and time.monotonic() < deadline:
        time.sleep(0.05)

    assert sign.exists()


def test_a_function_that_did_not_change_keeps_its_workers(dispatcher: Dispatcher, standin: Any) -> None:
    """After a redeployment of the same thing, work goes on; a changed function gets new workers."""
    dispatcher.serve([standin()])
    pid = dispatcher.invoke("standin", {"do": "tell"})["pid"]
    dispatcher.serve([standin()])
    assert pid == dispatcher.invoke("standin", {"do": "tell"})["pid"]

    dispatcher.serve([standin(timeout_seconds=20)])
    assert pid != dispatcher.invoke("standin", {"do": "tell"})["pid"]


def test_closing_ends_every_worker_busy_or_not(dispatcher: Dispatcher, standin: Any) -> None:
    """Within the grace that a busy one gets; the event of a busy one fails."""
    dispatcher.serve([standin(workers=2, warm=True)])
    dispatcher.warm()
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(dispatcher.invoke, "standin", {"do": "sleep", "seconds": 60})
        time.sleep(0.5)
        dispatcher.invoke("standin", {"do": "tell"})
        pids = dispatcher.pids()["standin"]
        began = time.monotonic()
        dispatcher.close()

        assert 2 == len(pids)
        assert _gone(*pids)
        assert isinstance(busy.exception(timeout=5), InvocationError)
        assert 6 > time.monotonic() - began


def test_workers_die_with_a_stack_that_is_killed(tmp_path: Path, environment: dict[str, str]) -> None:
    """`kill -9` of the process that holds them leaves none."""
    command = [sys.executable, "-c", _HOLD, str(tmp_path), json.dumps(environment)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pids = json.loads(parent.stdout.readline())
        parent.kill()

    assert 2 == len(pids)
    assert _gone(*pids)


def test_it_listens_on_loopback_only(dispatcher: Dispatcher) -> None:
    """Nobody on the network finds it."""
    host, _, port = dispatcher.url("standin").split("/")[2].partition(":")

    assert "127.0.0.1" == host
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        assert "127.0.0.1" == connection.getsockname()[0]
