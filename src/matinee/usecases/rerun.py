"""Run a run's tests again, as they were then."""

from dataclasses import dataclass
from datetime import UTC, datetime

from uuid_utils import uuid7

from matinee.model.errors import ConflictError
from matinee.model.library import Only
from matinee.model.run import Reason, RunKind, TestStatus
from matinee.stores.rows import NewRun, Run, RunTest
from matinee.stores.runs import Runs
from matinee.stores.sources import Sources
from matinee.usecases.launch import Launcher, Start, fingerprint_of, new_test

_NOT_PASSED = {TestStatus.FAILED, TestStatus.ERROR, TestStatus.TIMED_OUT, TestStatus.CANCELLED}


@dataclass(frozen=True)
class Rerunner:
    """Makes runs of runs."""

    runs: Runs
    sources: Sources
    launcher: Launcher

    def rerun(self, start: Start, run_id: str, only: Only) -> Run:
        """Make a run of the same scripts and variables, linked to the old one, in the same order, as long at most.

        Raises:
            NotFoundError: if the workspace has no such run.
            ConflictError: if it has not ended, none of its tests is wanted, or as `Launcher.launch` does.
            DatabaseUnavailableError, LiveUnavailableError: as `Launcher.launch` does.
        """
        old = self.runs.get(start.workspace_id, run_id)
        if not old.status.is_terminal:
            raise ConflictError("The run has not ended. Wait for it, or cancel it first.")
        wanted = [test.id for test in old.tests if only is Only.ALL or _may_pass_yet(test)]
        if not wanted:
            raise ConflictError("None of the run's tests failed.")
        return self.launcher.launch(self._again(start, old, wanted, fingerprint_of("rerun", id=run_id, only=only)))

    def _again(self, start: Start, old: Run, wanted: list[str], fingerprint: bytes) -> NewRun:
        new_id = str(uuid7())
        made = self.sources.of_run(old.workspace_id, old.id, wanted)
        now = datetime.now(UTC)
        return NewRun(
            id=new_id,
            kind=old.kind,
            title=old.title,
            created_at=now,
            tests=tuple(
                new_test(new_id if old.kind is RunKind.TEST else str(uuid7()), source, how, given)
                for source, how, given in made
            ),
            fingerprint=fingerprint,
            job_id=old.job_id,
            rerun_of=old.id,
            parallelism=old.parallelism,
            stop_after_failures=old.stop_after_failures,
            deadline_at=now + (old.deadline_at - old.created_at) if old.deadline_at else None,
            **vars(start),
        )


def _may_pass_yet(test: RunTest) -> bool:
    return test.status in _NOT_PASSED or test.reason is Reason.STOPPED_EARLY
