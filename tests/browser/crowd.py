"""A run of very many tests whose workers are played: its rows in Postgres and its events in the live table are real."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from botocore.config import Config
from uuid_utils import uuid7

from local.stack import Stack
from matinee.model.run import RunKind, RunTrigger
from matinee.model.script import Language
from matinee.model.work import Event
from matinee.stores.keys import DEFAULT_WORKSPACE_ID
from matinee.stores.live import LiveTable
from matinee.stores.postgres import Database
from matinee.stores.rows import NewRun, NewTest
from matinee.stores.runs import Runs

_AT_ONCE = 40
_SCRIPT = "import { test } from '@playwright/test';\ntest('a', () => {});\n"


class Crowd:
    """One run, and what is said of it."""

    def __init__(self, run_id: str, tests: Sequence[str], live: LiveTable) -> None:
        self.run_id = run_id
        self.tests = tests
        self._live = live
        self._passed = 0

    def begin(self) -> None:
        """The run begins."""
        self._say([("run", {"status": "running", "counts": self._counts()})])

    def act(self, first: int, last: int) -> None:
        """Tests begin, take a step, and pass."""
        said: list[tuple[str, dict[str, Any]]] = []
        for number in range(first, last):
            of = {"testId": self.tests[number], "title": f"Test {number}"}
            case = {**of, "caseId": "c", "attempt": 1}
            self._passed += 1
            said += [
                ("test", {**of, "status": "running"}),
                ("test", {**case, "status": "running"}),
                ("step", {**case, "stepId": "1", "category": "pw:api", "title": "Click", "status": "passed", "durationMs": 3}),
                ("test", {**case, "status": "passed", "durationMs": 7}),
                ("test", {**of, "status": "passed", "durationMs": 9, "attempts": 1}),
                ("run", {"status": "running", "counts": self._counts()}),
            ]  # fmt: skip
        self._say(said)

    def print(self, lines: int) -> None:
        """The first test prints so many lines."""
        text = "".join(f"line {number} of what a test has to say\n" for number in range(lines))
        pieces = [text[at : at + 20_000] for at in range(0, len(text), 20_000)]
        self._say([("console", {"testId": self.tests[0], "stream": "stdout", "text": piece}) for piece in pieces])

    def _counts(self) -> dict[str, int]:
        return {"total": len(self.tests), "passed": self._passed}

    def _say(self, said: Sequence[tuple[str, dict[str, Any]]]) -> None:
        now = int(time.time() * 1000)
        events = [Event(type=kind, at=now, data=data) for kind, data in said]
        for first in range(0, len(events), _AT_ONCE):
            self._live.append(self.run_id, events[first : first + _AT_ONCE])


@contextmanager
def crowd(stack: Stack, tests: int) -> Iterator[Crowd]:
    """Give a run of so many tests that nobody has planned, nor will soon: sweep comes for it after 30 s. Afterwards it is deleted."""
    database = Database(stack._database_url())
    ids = [str(uuid7()) for _ in range(tests)]
    common = {"script": _SCRIPT, "language": Language.TYPESCRIPT, "module": False, "base_url": None}
    new = NewRun(
        id=str(uuid7()),
        workspace_id=DEFAULT_WORKSPACE_ID,
        kind=RunKind.JOB,
        trigger=RunTrigger.MANUAL,
        title="A crowd",
        created_at=datetime.now(UTC),
        tests=tuple(
            NewTest(id=each, title=f"Test {number}", timeout_seconds=60, retries=0, **common)
            for number, each in enumerate(ids)
        ),
    )
    dynamodb = stack.aws.session.client(
        "dynamodb", endpoint_url=stack.aws.endpoint, config=Config(retries={"mode": "standard"})
    )
    try:
        Runs(database).create(new)
        yield Crowd(new.id, ids, LiveTable(dynamodb, table=stack._http_environment["LIVE_TABLE"]))
    finally:
        database.close()
        headers = {"Authorization": f"Bearer {stack.api_key}"}
        httpx.delete(f"{stack.url}/api/runs/{new.id}", headers=headers, timeout=60)
