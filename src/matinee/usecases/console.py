"""What a run's tests printed: from S3 when they have ended, before that from the events so far."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from matinee.model.errors import NotFoundError
from matinee.stores.artifacts import Artifacts, test_prefix
from matinee.stores.live import LiveTable
from matinee.stores.rows import Run, RunTest

_PAGE = 500
_AT_ONCE = 16
#: The most that one answer has, in bytes: a function's may have 6 MB.
_MAX_BYTES = 5_000_000
_MORE = "\n── There is more. Ask for one test at a time, with ?test= and its id. ──\n".encode()


@dataclass(frozen=True)
class Console:
    """Reads consoles."""

    live: LiveTable
    artifacts: Artifacts

    def of(self, run: Run, *, test_id: str | None = None) -> bytes:
        """Give what the run's tests printed so far, in UTF-8; of several tests each below its title.

        Raises:
            NotFoundError: if a test is wanted that is none of the run's.
            LiveUnavailableError: if the store that has it does not answer.
        """
        tests = [test for test in run.tests if test_id in {None, test.id}]
        if not tests:
            raise NotFoundError("The run has no such test.")
        texts = self._texts(run, tests)
        if len(tests) == 1:
            return next(texts)
        whole = bytearray()
        for test, text in zip(tests, texts, strict=True):
            whole += f"── {test.title} ──\n".encode() + text + b"\n"
            if len(whole) > _MAX_BYTES:
                return whole[:_MAX_BYTES].decode(errors="ignore").encode() + _MORE
        return bytes(whole)

    def _texts(self, run: Run, tests: Sequence[RunTest]) -> Iterator[bytes]:
        so_far: Mapping[str, str] | None = None
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for first in range(0, len(tests), _AT_ONCE):
                some = tests[first : first + _AT_ONCE]
                for test, kept in zip(some, pool.map(lambda test: self._kept(run, test), some), strict=True):
                    if kept is None and so_far is None:
                        so_far = self._so_far(run.id)
                    yield (so_far or {}).get(test.id, "").encode(errors="replace") if kept is None else kept

    def _kept(self, run: Run, test: RunTest) -> bytes | None:
        """Give what S3 has; None if it has nothing, so that the events may have more."""
        try:
            return self.artifacts.get_bytes(f"{test_prefix(run.workspace_id, run.id, test.id)}console.txt")
        except NotFoundError:  # it runs, or ended without a worker
            return None

    def _so_far(self, run_id: str) -> Mapping[str, str]:
        """Give what each of the run's tests printed, as far as its events have it."""
        printed: dict[str, list[str]] = defaultdict(list)
        events = self.live.read(run_id, after=0, limit=_PAGE)
        while events:
            for _, event in events:
                if event.type == "console":
                    printed[str(event.data.get("testId"))].append(str(event.data.get("text", "")))
            events = self.live.read(run_id, after=events[-1][0], limit=_PAGE)
        return {test_id: "".join(texts) for test_id, texts in printed.items()}
