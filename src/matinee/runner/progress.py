"""What the runner tells while it runs (layers/playwright/runner/reporter.cjs), as events for people and facts for the judge."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from matinee.model.run import TestStatus
from matinee.model.work import Case, Event

#: Live events are for watching; the trace and the console file keep the rest.
MOST_STEPS = 5_000
MOST_CONSOLE_BYTES = 262_144

_STATUS = {
    "passed": TestStatus.PASSED,
    "failed": TestStatus.FAILED,
    "timedOut": TestStatus.TIMED_OUT,
    "skipped": TestStatus.SKIPPED,
    "interrupted": TestStatus.CANCELLED,
}


@dataclass
class Progress:
    """Follows one run line by line."""

    test_id: str
    printed: Callable[[bytes], None]  #: takes all that is printed, also what live events leave out
    total: int = 0
    errors: list[str] = field(default_factory=list)  #: outside of any test: loading, set-up, no tests
    end: str | None = None  #: Playwright's own word on the whole run, once it is over
    over: int | None = None  #: the exit code that the host stands for, where it stays for the next test
    browser: int | None = None  #: the process id, as the host sees it, of the browser that stays with it
    cases: dict[str, Case] = field(default_factory=dict)  #: by Playwright's id, in the order they ended
    running: dict[str, str] = field(default_factory=dict)  #: titles of the tests that have begun and not ended
    _steps: int = 0
    _console: int = 0

    def line(self, raw: bytes) -> Iterator[Event]:
        """Take one line of the runner's, give the events it stands for; what is not ours is passed over.

        The script shares a process with our reporter, so the line may be anything.
        """
        try:
            said = json.loads(raw)
            yield from self._take(said)
        except (ValueError, TypeError, KeyError, AttributeError):
            return

    def _take(self, said: dict[str, Any]) -> Iterator[Event]:
        match said["type"]:
            case "begin":
                self.total = int(said["total"])
            case "testBegin":
                title = str(said["title"])
                self.running[said["caseId"]] = title
                yield self._event(
                    "test",
                    said,
                    {"caseId": said["caseId"], "title": title, "status": "running", "attempt": said["attempt"]},
                )
            case "testEnd":
                yield self._test_end(said)
            case "stepBegin" | "stepEnd":
                yield from self._step(said)
            case "console":
                yield from self.console(said["stream"], said["text"], at=int(said["at"]), case_id=said.get("caseId"))
            case "error":
                self.errors.append(str(said["message"]))
            case "over":
                self.browser = int(said["browser"]) if said.get("browser") else None
                self.over = int(said["exit"])
            case "end":
                self.end = str(said["status"])

    def console(self, stream: str, text: str, *, at: int, case_id: str | None = None) -> Iterator[Event]:
        """Keep a piece of output, and give the event for it until there has been enough to watch."""
        self.printed(text.encode(errors="replace"))
        if self._console >= MOST_CONSOLE_BYTES:
            return
        kept = text[: MOST_CONSOLE_BYTES - self._console]
        self._console += len(kept)
        data = {"stream": stream, "text": kept, **({"caseId": case_id} if case_id else {})}
        yield self._event("console", {"at": at}, data)
        if self._console >= MOST_CONSOLE_BYTES:
            note = {"stream": stream, "text": "\n[more was printed: see the run's console]\n"}
            yield self._event("console", {"at": at}, note)

    def _test_end(self, said: dict[str, Any]) -> Event:
        status = _STATUS[said["status"]]
        if said["outcome"] == "expected" and status is not TestStatus.SKIPPED:
            status = TestStatus.PASSED  # a test.fail() that failed, as it should
        elif said["outcome"] == "unexpected" and status is TestStatus.PASSED:
            status = TestStatus.FAILED  # a test.fail() that passed
        elif said["outcome"] == "flaky":
            status = TestStatus.FLAKY
        case_id, attempt = said["caseId"], int(said["attempt"])
        case = Case(
            title=str(said["title"]),
            status=status,
            duration_ms=round(said["durationMs"]),
            attempts=attempt,
            message=said.get("message"),
        )
        self.running.pop(case_id, None)
        self.cases[case_id] = case
        data = {
            "caseId": case_id,
            "title": case.title,
            "status": str(status),
            "durationMs": case.duration_ms,
            "attempt": attempt,
        }
        if case.message:
            data["message"] = case.message
        if said.get("willRetry"):
            data["willRetry"] = True
        return self._event("test", said, data)

    def _step(self, said: dict[str, Any]) -> Iterator[Event]:
        if self._steps >= MOST_STEPS:
            return
        self._steps += 1
        data = {key: said[key] for key in ("caseId", "stepId", "title", "category")}
        if said["type"] == "stepBegin":
            data["status"] = "running"
        else:
            data |= {"status": "failed" if said["failed"] else "passed", "durationMs": round(said["durationMs"])}
            if said.get("message"):
                data["message"] = str(said["message"])
        yield self._event("step", said, data)

    def _event(self, kind: Any, said: dict[str, Any], data: dict[str, Any]) -> Event:
        return Event(type=kind, at=int(said["at"]), data={"testId": self.test_id, **data})
