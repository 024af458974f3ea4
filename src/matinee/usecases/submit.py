"""Take a script and see that it will run."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from uuid_utils import uuid7

from matinee.model.errors import LiveUnavailableError
from matinee.model.run import RunKind, RunTrigger
from matinee.model.script import Language, check
from matinee.stores.live import LiveTable
from matinee.stores.rows import NewRun, NewTest, Run
from matinee.stores.runs import Runs
from matinee.usecases.dispatch import Dispatch
from matinee.usecases.milestones import now_ms, run_event
from matinee.usecases.syntax import Parser


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A script and how to run it."""

    script: str
    language: Language | None  #: None: whatever it turns out to be
    title: str
    base_url: str | None
    timeout_seconds: int
    retries: int
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Submitter:
    """Makes runs of one script, of the playground's kind."""

    runs: Runs
    live: LiveTable
    dispatch: Dispatch
    parser: Parser

    def submit(
        self,
        submission: Submission,
        *,
        workspace_id: str,
        trigger: RunTrigger,
        idempotency_key: str | None = None,
    ) -> Run:
        """Make a run and queue it; with an idempotency key that was used before, give the run of that time.

        Once the run is in Postgres it will end: what fails after that is made up for by sweep.

        Raises:
            ScriptInvalidError: if the script cannot be run.
            ConflictError: if the idempotency key came with another submission.
            DatabaseUnavailableError: if nothing was saved.
            LiveUnavailableError: if the run was saved but not queued yet; `extra` has its `runId`.
        """
        check(submission.script)
        parsed = self.parser.parse(submission.script, submission.language)
        run_id = str(uuid7())
        test = NewTest(
            id=run_id,
            title=submission.title,
            script=submission.script,
            language=parsed.language,
            module=parsed.module,
            base_url=submission.base_url,
            timeout_seconds=submission.timeout_seconds,
            retries=submission.retries,
            variables=submission.variables,
        )
        new = NewRun(
            id=run_id,
            workspace_id=workspace_id,
            kind=RunKind.TEST,
            trigger=trigger,
            title=submission.title,
            created_at=datetime.now(UTC),
            tests=(test,),
            idempotency_key=idempotency_key,
            fingerprint=_fingerprint(submission),
        )
        run = self.runs.create(new)
        self._queue(run)
        return run

    def _queue(self, run: Run) -> None:
        """Queue what was not queued yet: all of a new run, the rest of one whose first submission broke off."""
        unsent = {test.id for test in run.tests if test.sent_at is None and not test.status.is_terminal}
        if not unsent:
            return
        try:
            self.live.append_once(run.id, key="queued", events=[run_event(run, at=now_ms())])
            for order in self.runs.orders(run.id):
                if order.test_id in unsent:
                    self.dispatch.send(order)
        except LiveUnavailableError as error:
            detail = (
                f"The run is saved as {run.id} and starts by itself as soon as the queue is back. Do not send it again."
            )
            raise LiveUnavailableError(detail, runId=run.id) from error


def _fingerprint(submission: Submission) -> bytes:
    return hashlib.sha256(json.dumps(asdict(submission), sort_keys=True).encode()).digest()
