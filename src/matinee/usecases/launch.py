"""See that a new run will run, of whichever kind it is."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from uuid_utils import uuid7

from matinee.model.clock import now_ms
from matinee.model.errors import LiveUnavailableError
from matinee.model.run import RunKind, RunTrigger
from matinee.model.work import RunOrder, Sealed
from matinee.stores.live import LiveTable
from matinee.stores.queues import Queue
from matinee.stores.rows import NewRun, NewTest, Run
from matinee.stores.runs import Runs
from matinee.stores.sources import How, Source
from matinee.usecases.dispatch import Dispatch
from matinee.usecases.milestones import run_event
from matinee.usecases.plan import Planner

if TYPE_CHECKING:
    from matinee.stores.vault import Vault

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Start:
    """Who starts a run."""

    workspace_id: str
    trigger: RunTrigger
    idempotency_key: str | None = None  #: the same key with the same request gives the same run


@dataclass(frozen=True)
class Launcher:
    """Makes runs and queues them."""

    runs: Runs
    live: LiveTable
    dispatch: Dispatch
    jobs: Queue[RunOrder]
    planner: Planner
    vault: Callable[[], "Vault"]  #: not asked for by those who start runs that bring no variables

    def seal(self, workspace_id: str, variables: Mapping[str, str]) -> tuple[Sealed, ...]:
        """Encrypt the variables that come with a request. Its runs show them as they like: who has secrets saves them first.

        Raises:
            VaultUnavailableError, VaultKeyError: if there is no key to do it with.
        """
        return (self.vault().seal(workspace_id, variables, secret=False),) if variables else ()

    def launch(self, new: NewRun) -> Run:
        """Make a run and queue it; with an idempotency key that was used before, give the run of that time.

        Once the run is in Postgres it will end: what fails after that is made up for by sweep.

        Raises:
            ConflictError: if the idempotency key came with another request.
            TooManyRequestsError: if the workspace has no room for it.
            DatabaseUnavailableError: if nothing was saved.
            LiveUnavailableError: if the run was saved but not queued yet; `extra` has its `runId`.
        """
        run = self.runs.create(new)
        if run.status.is_terminal:
            return run
        logger.info("a run begins: %s, by %s", run.kind, run.trigger, extra={"run_id": run.id})
        try:
            self.queue(run)
        except LiveUnavailableError as error:
            detail = (
                f"The run is saved as {run.id} and starts by itself as soon as the queue is back. Do not send it again."
            )
            raise LiveUnavailableError(detail, runId=run.id) from error
        return run

    def queue(self, run: Run) -> None:
        """Queue what was not queued yet: a new run, or one whose first submission broke off.

        Raises:
            LiveUnavailableError: sweep does it then.
        """
        planned = run.planned_at is not None
        if any(test.sent_at for test in run.tests) or (planned and run.kind is RunKind.JOB):
            return
        self.live.append_once(run.id, key="queued", events=[run_event(run, at=now_ms())])
        if run.kind is RunKind.JOB:  # plan_job sends its tests
            self.jobs.send(RunOrder(workspace_id=run.workspace_id, run_id=run.id))
            return
        if planned:  # its workspace has only so many places
            self.planner.advance(run.id)
            return
        for order in self.runs.orders(run.id):
            self.dispatch.send(order)


def single(start: Start, source: Source, how: How, *, given: tuple[Sealed, ...], fingerprint: bytes) -> NewRun:
    """Make a run of one script; its one test has the run's own id."""
    run_id = str(uuid7())
    return NewRun(
        id=run_id,
        kind=RunKind.TEST,
        title=source.title,
        created_at=datetime.now(UTC),
        tests=(new_test(run_id, source, how, given),),
        fingerprint=fingerprint,
        **vars(start),
    )


def new_test(test_id: str, source: Source, how: How, given: tuple[Sealed, ...]) -> NewTest:
    """Make a run's test of a script, how to run it, and the variables that came with the request."""
    return NewTest(id=test_id, variables=given, **vars(source), **vars(how))


def fingerprint_of(what: str, **request: Any) -> bytes:
    """Give what tells one request from another that has the same idempotency key; `request` is JSON, or dataclasses."""
    return hashlib.sha256(json.dumps([what, request], sort_keys=True, default=vars).encode()).digest()
