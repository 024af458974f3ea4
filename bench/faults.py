"""Does anything get lost? Many runs of a job, while everything that can break is broken at random.

Workers are killed at random instants, messages are sent again, at once and late, the database is frozen for 10 s and once killed, the emulator's stream is
replayed, the HTTP server is killed. Then every run must have ended once, with each test's own result once, a log without holes, a report
with all tests in it, and nothing may be left: no process, no file.

    python -m bench.faults [--runs 200] [--minutes 60] [--at-once 8] [--seed 1] [--json FILE]
"""

import argparse
import contextlib
import json
import math
import os
import random
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from botocore.config import Config

from bench.aftermath import TERMINAL, TESTS, children, family, faults_of
from local.aws import EmbeddedAws
from local.pool import InvocationError
from local.stack import Stack, temporary
from matinee.model.work import RunOrder
from matinee.stores.postgres import Database
from matinee.stores.runs import Runs
from matinee.stores.tracking import Tracking

PATIENCE_SECONDS = 240.0


@dataclass
class Findings:
    """What was done, and what was wrong afterwards."""

    runs: int = 0  #: that were started
    done: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)  #: of tests


def main() -> int:
    """Break things, look, and exit 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=60.0, help="after so long no more runs are started")
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    began = time.monotonic()
    findings = inject(options.runs, at_once=options.at_once, seed=options.seed, say=print, seconds=options.minutes * 60)
    print(f"{findings.runs} runs in {time.monotonic() - began:.0f} s; done: {dict(findings.done)}")
    print(f"tests: {dict(findings.statuses)}")
    print("\n".join(findings.wrong) or "nothing lost, nothing doubled, nothing left")
    if options.json:
        options.json.write_text(json.dumps(vars(findings), indent=1))
    return 1 if findings.wrong else 0


def inject(
    runs: int,
    *,
    at_once: int,
    seed: int,
    say: Callable[[str], None],
    database_s: float = 10.0,
    seconds: float = math.inf,
) -> Findings:
    """Run the job `runs` times on a stack of our own, break everything meanwhile; tell what was done and what was wrong.

    After so many seconds no more runs are started.
    """
    findings = Findings()
    before = family()
    with _own_folder() as folder:
        with temporary(folder / "home") as stack:
            until = time.monotonic() + seconds
            _break_and_look(
                stack, findings, runs, at_once=at_once, seed=seed, database_s=database_s, until=until, say=say
            )
        shutil.rmtree(folder / "home")  # ours to remove; all else must be gone
        findings.wrong += [f"left behind: {path}" for path in folder.iterdir()]
    findings.wrong += [f"still running: {command}" for command in family() - before]
    return findings


def _break_and_look(
    stack: Stack,
    findings: Findings,
    runs: int,
    *,
    at_once: int,
    seed: int,
    database_s: float,
    until: float,
    say: Callable[[str], None],
) -> None:
    faults = Faults(stack, random.Random(seed), findings.done)
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    with httpx.Client(base_url=stack.url, headers=headers, timeout=30) as api:
        job = _job(api)
        ids = []
        with faults.going_on(database_s=database_s):
            for number in range(runs):
                if time.monotonic() > until:
                    break
                ids.append(_start(api, job, number, faults, at_once))
                if number % 10 == 9:
                    say(f"{number + 1} runs started")
        findings.runs = len(ids)
        say("no more faults; waiting for the rest")
        _await(api, ids, findings)
        for run_id in ids:
            wrong = faults_of(api, _run(api, run_id), findings.statuses)
            findings.wrong += [f"run {run_id}: {what}" for what in wrong]
        say("looked at every run")


@contextmanager
def _own_folder() -> Iterator[Path]:
    """Give a folder that is also the one for temporary files, so that what is left can only be ours."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        others, tempfile.tempdir = tempfile.tempdir, folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = others


class Faults:
    """All that can break, each on a thread of its own that breaks it again and again."""

    def __init__(self, stack: Stack, chance: random.Random, done: Counter[str]) -> None:
        assert isinstance(stack.aws, EmbeddedAws)
        assert stack.postgres
        self.open: list[str] = []  #: the runs that are on their way
        self._stack = stack
        self._aws = stack.aws
        self._postgres = stack.postgres
        self._chance = chance
        self._done = done
        self._over = threading.Event()
        self._database = Database(stack.postgres.conninfo)
        self._runs = Runs(self._database)
        self._tracking = Tracking(self._database)

    @contextmanager
    def going_on(self, *, database_s: float) -> Iterator[None]:
        """Break things as long as the block runs."""
        threads = [
            threading.Thread(target=self._again, args=[each, pause])
            for each, pause in (
                (self.kill_a_worker, 4.0),  # any sooner, and two cores are busy with nothing but starting others
                (self.send_again, 0.7),
                (self.replay_the_stream, 3.0),
                (lambda: self.freeze_the_database(database_s), 3 * database_s),
                (self.kill_the_database, 45.0),
            )
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()
            self._database.close()

    def _again(self, act: Callable[[], None], pause: float) -> None:
        while not self._over.wait(self._chance.uniform(0.3, 1.7) * pause):
            with contextlib.suppress(Exception):  # what is broken may well be in the way of breaking more
                act()

    def kill_a_worker(self) -> None:
        """Kill -9 one of those that run tests, follow the stream, plan jobs or make reports."""
        function = self._chance.choice(["run_test", "run_test", "run_test", "track_runs", "plan_job", "merge_report"])
        if pids := self._aws.dispatcher.pids()[function]:
            os.kill(self._chance.choice(pids), signal.SIGKILL)
            self._done[f"{function} killed"] += 1

    def send_again(self) -> None:
        """Put a message of an open run on its queue once more, at once or late."""
        run_id = self._chance.choice(self.open)
        sent = [test.id for test in self._tracking.open_tests(run_id)]
        orders: list[Any] = list(self._runs.orders(run_id, test_ids=sent))
        of_run = RunOrder(workspace_id=orders[0].workspace_id, run_id=run_id)
        queue, order = self._chance.choice(
            [("test-execution", self._chance.choice(orders)), ("job-execution", of_run), ("report-merge", of_run)]
        )
        sqs = self._client("sqs")
        sqs.send_message(
            QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"],
            MessageBody=order.model_dump_json(exclude_none=True),
            DelaySeconds=self._chance.choice([0, 0, 3, 20]),
        )
        self._done[f"{queue} sent again"] += 1

    def replay_the_stream(self) -> None:
        """Hand track_runs what the stream has brought before, shuffled, as if its shard were read again."""
        table = self._client("dynamodb")
        (name,) = table.list_tables()["TableNames"]
        items = table.scan(TableName=name, ConsistentRead=True)["Items"]
        tracked = [
            {"eventName": "INSERT", "dynamodb": {"NewImage": item, "SequenceNumber": str(number)}}
            for number, item in enumerate(items)
            if item["sk"]["S"].startswith(("lease#", "result#", "report#"))
        ]
        again = self._chance.sample(tracked, min(20, len(tracked)))
        with contextlib.suppress(InvocationError):
            self._aws.dispatcher.invoke("track_runs", {"Records": again})
        self._done["records replayed"] += len(again)

    def freeze_the_database(self, seconds: float) -> None:
        """Stop every process of Postgres, and let them go on after so long."""
        pids = [self._pid(), *children(self._pid())]
        try:
            self._signal(pids, signal.SIGSTOP)
            self._over.wait(seconds)
        finally:  # a process that stays frozen when its postmaster was killed keeps the next one from starting, for ever
            self._signal(pids, signal.SIGCONT)
        self._done["database frozen"] += 1

    def kill_the_database(self) -> None:
        """Kill -9 it, at which the stack starts it again."""
        os.kill(self._pid(), signal.SIGKILL)
        self._done["database killed"] += 1

    def _signal(self, pids: Sequence[int], number: int) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _client(self, service: Any) -> Any:
        return self._aws.session.client(
            service, endpoint_url=self._aws.endpoint, config=Config(retries={"total_max_attempts": 2})
        )

    def _pid(self) -> int:
        return int((self._postgres.data / "postmaster.pid").read_text().split()[0])


def _job(api: httpx.Client) -> str:
    head = "import { test, expect } from '@playwright/test';\n"
    ids = [
        api.post("/api/tests", json={"title": title, "script": head + script}).raise_for_status().json()["id"]
        for title, _, script in TESTS
    ]
    job = {"name": "faults", "tests": ids, "retries": 1, "parallelism": 3, "timeoutSeconds": 120}
    return str(api.post("/api/jobs", json=job).raise_for_status().json()["id"])


def _start(api: httpx.Client, job: str, number: int, faults: Faults, at_once: int) -> str:
    """Start a run once there is room for it, with a key, so that a lost answer makes no second run."""
    while len(faults.open) >= at_once:
        time.sleep(0.3)
        faults.open[:] = [each for each in faults.open if _run(api, each)["status"] not in TERMINAL]
    key = {"Idempotency-Key": f"faults-{number}"}
    run_id = str(_patiently(lambda: api.post("/api/jobs/run", json={"jobId": job}, headers=key))["runId"])
    faults.open.append(run_id)
    return run_id


def _await(api: httpx.Client, ids: list[str], findings: Findings) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    left = list(ids)
    while left and time.monotonic() < deadline:
        left = [
            run_id
            for run_id in left
            if "report" not in (run := _run(api, run_id))["links"] or run["status"] not in TERMINAL
        ]
        time.sleep(1)
    findings.wrong += [f"run {run_id} is {_run(api, run_id)['status']} without a report" for run_id in left]


def _run(api: httpx.Client, run_id: str) -> dict[str, Any]:
    return _patiently(lambda: api.get(f"/api/runs/{run_id}"))


def _patiently(ask: Callable[[], httpx.Response]) -> dict[str, Any]:
    """Ask until there is an answer: the database may be gone for a while."""
    for _ in range(120):
        with contextlib.suppress(httpx.HTTPError):
            answer = ask()
            if answer.is_success:
                document: dict[str, Any] = answer.json()
                return document
        time.sleep(0.5)
    return ask().raise_for_status().json()  # type: ignore[no-any-return]


if __name__ == "__main__":
    raise SystemExit(main())
