"""Run what people saved: one test, or a job."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from uuid_utils import uuid7

from matinee.model.errors import ConflictError, InvalidFieldsError, NotFoundError, ScriptInvalidError
from matinee.model.library import faults_of_references, seconds_of_run
from matinee.model.run import RunKind
from matinee.model.script import Language
from matinee.model.work import Sealed
from matinee.stores.jobs import Job, Jobs
from matinee.stores.rows import NewRun, Run
from matinee.stores.sources import How, Source, Sources
from matinee.usecases.launch import Launcher, Start, fingerprint_of, new_test, single

if TYPE_CHECKING:
    from matinee.usecases.syntax import Parser


@dataclass(frozen=True, kw_only=True)
class Item:
    """One test of a job's run: a saved one, as it is or with another title or script; or just a titled script."""

    id: str | None
    title: str | None
    script: str | None
    language: Language | None


@dataclass(frozen=True)
class Starter:
    """Makes runs of what is saved."""

    jobs: Jobs
    sources: Sources
    parser: Callable[[], "Parser"]  #: not loaded by those who only run what is saved, and so was parsed
    launcher: Launcher

    def test(self, start: Start, test_id: str, how: How, variables: Mapping[str, str]) -> Run:
        """Run the newest version of a saved test.

        Raises:
            NotFoundError: if the workspace has no such test.
            ConflictError, DatabaseUnavailableError, LiveUnavailableError: as `Launcher.launch` does.
        """
        source = self.sources.of_tests(start.workspace_id, [test_id]).get(test_id)
        if source is None:
            raise NotFoundError("There is no such test.")
        asked = fingerprint_of("test", id=test_id, how=how, variables=dict(variables))
        given = self.launcher.seal(start.workspace_id, variables)
        return self.launcher.launch(single(start, source, how, given=given, fingerprint=asked))

    def job(self, start: Start, job_id: str, *, items: Sequence[Item] | None, variables: Mapping[str, str]) -> Run:
        """Run a job: its own tests, or the `items` in their place; in their order either way.

        Raises:
            InvalidFieldsError, ScriptInvalidError: as `of_job` does.
            ConflictError: as `of_job` or `Launcher.launch` does.
            DatabaseUnavailableError, LiveUnavailableError: as `Launcher.launch` does.
        """
        return self.launcher.launch(self.of_job(start, job_id, items=items, variables=variables))

    def of_job(
        self,
        start: Start,
        job_id: str,
        *,
        items: Sequence[Item] | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> NewRun:
        """Give what a run of a job would be now: its own tests, or the `items`, as they stand.

        Raises:
            InvalidFieldsError: if the job, or an item's test, is none of the workspace's, or a test is there twice.
            ScriptInvalidError: if an item's script cannot be run; `extra` has its `field`.
            ConflictError: if the job has no tests, or they are too large together.
            DatabaseUnavailableError: if Postgres does not answer.
        """
        try:
            job = self.jobs.get(start.workspace_id, job_id)
        except NotFoundError as error:
            raise InvalidFieldsError({"jobId": error.detail}) from error
        sources = self._of_job(job, start.workspace_id) if items is None else self._of_items(start.workspace_id, items)
        if not sources:
            raise ConflictError("The job has no tests. Give it some first.")
        asked = fingerprint_of("job", id=job_id, items=items, variables=dict(variables))
        return _run_of(start, job, sources, self.launcher.seal(start.workspace_id, variables), fingerprint=asked)

    def _of_job(self, job: Job, workspace_id: str) -> Sequence[Source]:
        saved = self.sources.of_tests(workspace_id, job.tests)
        return [saved[test_id] for test_id in job.tests if test_id in saved]  # one may just have been deleted

    def _of_items(self, workspace_id: str, items: Sequence[Item]) -> Sequence[Source]:
        ids = [item.id for item in items]
        saved = self.sources.of_tests(workspace_id, [test_id for test_id in ids if test_id])
        if faults := faults_of_references(ids, saved):
            raise InvalidFieldsError({f"tests.{place}.id": fault for place, fault in faults.items()})
        return [self._of_item(place, item, saved.get(item.id or "")) for place, item in enumerate(items)]

    def _of_item(self, place: int, item: Item, saved: Source | None) -> Source:
        if saved and item.script is None:
            return replace(saved, title=item.title or saved.title)
        script = item.script or ""
        try:
            parsed = self.parser().read(script, item.language)
        except ScriptInvalidError as error:
            field = f"tests.{place}.script"
            raise ScriptInvalidError(f"{field}: {error.detail}", **error.extra, field=field) from error
        return Source(
            title=item.title or (saved.title if saved else "Untitled"),
            script=script,
            language=parsed.language,
            module=parsed.module,
            saved_test_id=item.id,  # but no version of it: this script is none
        )


def _run_of(
    start: Start, job: Job, sources: Sequence[Source], given: tuple[Sealed, ...], *, fingerprint: bytes
) -> NewRun:
    seconds = job.run_timeout_seconds or seconds_of_run(
        len(sources), parallelism=job.parallelism, timeout_seconds=job.timeout_seconds
    )
    how = How(base_url=job.base_url, timeout_seconds=job.timeout_seconds, retries=job.retries)
    now = datetime.now(UTC)
    return NewRun(
        id=str(uuid7()),
        kind=RunKind.JOB,
        title=job.name,
        created_at=now,
        tests=tuple(new_test(str(uuid7()), source, how, given) for source in sources),
        fingerprint=fingerprint,
        job_id=job.id,
        parallelism=job.parallelism,
        stop_after_failures=job.stop_after_failures,
        deadline_at=now + timedelta(seconds=seconds),
        **vars(start),
    )
