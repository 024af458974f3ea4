"""How the runs stand, from their events."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matinee.cli.text import safe, safe_line, seconds

_MARKS = {"passed": "✓", "flaky": "✓", "failed": "✗", "timed_out": "✗", "error": "✗", "cancelled": "■", "skipped": "-"}


def mark(status: str) -> str:
    """Give the sign for a status."""
    return _MARKS.get(status, "·")


@dataclass
class Case:
    """One `test(...)` of a script."""

    title: str
    status: str = "running"
    attempt: int = 1
    duration_ms: int | None = None
    message: str | None = None
    steps: dict[str, str] = field(default_factory=dict)  #: those that run now, the innermost last
    done: list[str] = field(default_factory=list)  #: the script's own steps (`test.step`) that ended

    @property
    def line(self) -> str:
        """The case and how it stands."""
        again = f", attempt {self.attempt}" if self.attempt > 1 else ""
        took = f" ({seconds(self.duration_ms)}{again})" if self.duration_ms is not None else ""
        return f"{mark(self.status)} {self.title}{took}"


@dataclass
class Progress:
    """One file's run. Texts in it are fit for a terminal."""

    file: Path
    source: str = ""
    status: str = "submitting"
    run_id: str | None = None
    cases: dict[str, Case] = field(default_factory=dict)
    run: dict[str, Any] | None = None  #: as the API shows it, once it has ended
    report: str | None = None  #: an address that opens it in a browser
    problem: dict[str, Any] | None = None  #: why it could not run; `detail` is the sentence
    began: float = field(default_factory=time.monotonic)

    @property
    def over(self) -> bool:
        """Whether nothing more will be heard of it."""
        return self.run is not None or self.problem is not None

    @property
    def outcome(self) -> str:
        """How it ended; what could not run is an error."""
        return self.run["status"] if self.run else "error"

    def hear(self, kind: str, data: dict[str, Any]) -> str | None:
        """Take an event in; give the line that tells it, if it is worth one."""
        match kind:
            case "run":
                return self._hear_run(data)
            case "test":
                return self._hear_test(data)
            case "step":
                return self._hear_step(data)
            case "console":
                return "\n".join(f"  │ {line}" for line in safe(str(data.get("text", ""))).rstrip("\n").split("\n"))
        return None

    def _hear_run(self, data: dict[str, Any]) -> str | None:
        changed = self.status != data["status"]
        self.status = str(data["status"])
        return self.status if changed and self.status in {"queued", "running"} else None

    def _hear_test(self, data: dict[str, Any]) -> str | None:
        title, status = safe_line(str(data["title"])), str(data["status"])
        known = self.cases.setdefault(str(data["caseId"]), Case(title))
        known.status, known.attempt = status, int(data.get("attempt", 1))
        known.duration_ms = data.get("durationMs")
        known.message = safe(str(data["message"])) if data.get("message") else None
        known.steps.clear()
        if status == "running":
            known.done.clear()
            return None
        return known.line

    def _hear_step(self, data: dict[str, Any]) -> str | None:
        case = self.cases.get(str(data["caseId"]))
        if case is None:
            return None
        title, step = safe_line(str(data["title"])), str(data["stepId"])
        if data["status"] == "running":
            case.steps[step] = title
            return None
        case.steps.pop(step, None)
        if data.get("category") != "test.step":
            return None
        case.done.append(title)
        return f"  {mark('failed') if data['status'] == 'failed' else '·'} {title}"
