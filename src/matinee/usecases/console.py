"""What a run's tests printed: from S3 when they have ended, before that from the events so far."""

from collections.abc import Iterator
from dataclasses import dataclass

from matinee.model.errors import NotFoundError
from matinee.stores.artifacts import Artifacts, test_prefix
from matinee.stores.live import LiveTable
from matinee.stores.rows import Run, RunTest

_PAGE = 500


@dataclass(frozen=True)
class Console:
    """Reads consoles."""

    live: LiveTable
    artifacts: Artifacts

    def of(self, run: Run) -> bytes:
        """Give what the run's tests printed so far, in UTF-8; of several tests each below its title.

        Raises:
            LiveUnavailableError: if the store that has it does not answer.
        """
        printed = [(test, self._of_test(run, test)) for test in run.tests]
        if len(printed) == 1:
            return printed[0][1]
        return b"".join(f"── {test.title} ──\n".encode() + text + b"\n" for test, text in printed)

    def _of_test(self, run: Run, test: RunTest) -> bytes:
        try:
            return self.artifacts.get_bytes(f"{test_prefix(run.workspace_id, run.id, test.id)}console.txt")
        except NotFoundError:  # it runs, or ended without a worker
            return "".join(self._so_far(run.id, test.id)).encode(errors="replace")

    def _so_far(self, run_id: str, test_id: str) -> Iterator[str]:
        events = self.live.read(run_id, after=0, limit=_PAGE)
        while events:
            for _, event in events:
                if event.type == "console" and event.data.get("testId") == test_id:
                    yield str(event.data.get("text", ""))
            events = self.live.read(run_id, after=events[-1][0], limit=_PAGE)
