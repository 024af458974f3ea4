"""How a job's run stands, from its events."""

import time
from dataclasses import dataclass, field
from typing import Any

from matinee.cli.progress import mark
from matinee.cli.text import safe_line, seconds


@dataclass
class JobTest:
    """One test of the job. Texts in it are fit for a terminal."""

    title: str
    status: str = "running"
    duration_ms: int | None = None
    message: str = ""  #: in one line
    began: float = field(default_factory=time.monotonic)

    @property
    def is_fine(self) -> bool:
        """Whether there is nothing to say about it."""
        return self.status in {"passed", "skipped"}

    @property
    def line(self) -> str:
        """The test and how it ended."""
        took = f" ({seconds(self.duration_ms)})" if self.duration_ms is not None else ""
        status = "" if self.status == "passed" else f"  {self.status.replace('_', ' ')}"
        return f"{mark(self.status)} {self.title}{status}{took}"


@dataclass
class JobProgress:
    """The run as a whole, and those of its tests that run now."""

    title: str
    status: str
    counts: dict[str, int]
    running: dict[str, JobTest] = field(default_factory=dict)
    over: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def total(self) -> int:
        """How many tests there are."""
        return self.counts["total"]

    @property
    def ended(self) -> int:
        """How many of them have ended."""
        return sum(self.counts.values()) - self.total

    @property
    def has_verdict(self) -> bool:
        """Whether only the report is missing."""
        return self.status not in {"queued", "running"}

    def hear(self, kind: str, data: dict[str, Any]) -> JobTest | None:
        """Take an event in; give the test that it says has ended, if it says so."""
        if kind == "run":
            self.status = str(data["status"])
            self.counts = dict(data["counts"])
        elif kind == "test" and "caseId" not in data:
            return self._hear_test(data)
        return None

    def _hear_test(self, data: dict[str, Any]) -> JobTest | None:
        test_id, status = str(data["testId"]), str(data["status"])
        if status == "running":
            self.running[test_id] = JobTest(safe_line(str(data["title"])))
            return None
        self.running.pop(test_id, None)
        message = safe_line(str(data.get("message") or ""))
        return JobTest(safe_line(str(data["title"])), status, data.get("durationMs"), message)
