"""What the runner tells while it runs (layers/playwright/runner/reporter.cjs), as events for people and facts for the judge."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from matinee.model.run import TestStatus
from matinee.model.work import Case, Event, EventType
from matinee.runner.scrub import NOTHING_TO_HIDE, Scrubber, Stream

#: Live events are for watching; the trace, the report and the console file keep the rest.
MOST_STEPS = 5_000
MOST_TESTS = 2_000  #: beginnings and ends
MOST_EVENT_BYTES = 4_000_000  #: of steps and tests together
MOST_CONSOLE_BYTES = 262_144
#: What is kept of a script's tests for the verdict and the record, which has to fit an item of the live table: their titles and messages, each
#: with some more for the rest of it. Once that is half full, so much of a message.
MOST_CASE_BYTES = 200_000
_CASE_BYTES = 120
_MOST_LATE = 500
_MOST_RUNNING = 10  # at once there is one, or one more
_MOST_ERRORS = 20
_MOST_TITLE = 1_000
_MOST_MESSAGE = 8_192  #: as reporter.cjs cuts it
_MOST_NAME = 100
_MOST_NUMBER = 10**14
_STEP, _HEAD = b'"type":"step', 60  #: what a line of reporter.cjs's about a step begins with, and within how many bytes
_NOT_SHOWN = "\n[more happened than is shown live: see the report]\n"

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
    scrubber: Scrubber = NOTHING_TO_HIDE  #: what it knows gets into no event, no case and nothing printed
    total: int = 0
    errors: list[str] = field(default_factory=list)  #: outside of any test: loading, set-up, no tests
    end: str | None = None  #: Playwright's own word on the whole run, once it is over
    over: int | None = None  #: the exit code that the host stands for, where it stays for the next test
    browser: int | None = None  #: the process id, as the host sees it, of the browser that stays with it
    cases: dict[str, Case] = field(
        default_factory=dict
    )  #: by Playwright's id, in the order they ended; not all, if they were very many
    running: dict[str, str] = field(default_factory=dict)  #: titles of the tests that have begun and not ended
    _case_bytes: int = 0
    _shown: dict[str, int] = field(default_factory=dict)
    _bytes: int = 0
    _cut: bool = False
    _console: int = 0
    _streams: dict[str, Stream] = field(default_factory=dict)

    def line(self, raw: bytes) -> Iterator[Event]:
        """Take one line of the runner's, give the events it stands for; what is not ours is passed over.

        The script shares a process with our reporter, so the line may be anything.
        """
        if self._shown.get("step", 0) >= MOST_STEPS and self._cut and _STEP in raw[:_HEAD]:
            return  # a million of them take no time
        try:
            said = json.loads(raw, parse_constant=_refuse)
            yield from self._take(said if said.get("type") == "console" else self.scrubber.document(said))
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
            return

    def _take(self, said: dict[str, Any]) -> Iterator[Event]:
        match said["type"]:
            case "begin":
                self.total = _whole(said["total"])
            case "testBegin":
                yield from self._test_begin(said)
            case "testEnd":
                yield from self._test_end(said)
            case "stepBegin" | "stepEnd":
                yield from self._step(said)
            case "console":
                case_id = _name(said["caseId"]) if said.get("caseId") else None
                stream = "stderr" if said["stream"] == "stderr" else "stdout"
                yield from self.console(stream, str(said["text"]), at=_whole(said["at"]), case_id=case_id)
            case "error":
                if len(self.errors) < _MOST_ERRORS:
                    self.errors.append(_short(said["message"], _MOST_MESSAGE))
            case "over":
                self.browser = _whole(said["browser"]) if said.get("browser") else None
                self.over = _whole(said["exit"])
            case "end":
                self.end = _name(said["status"])

    def output(self, piece: bytes, *, at: int) -> Iterator[Event]:
        """Take a piece of what the runner's own process prints."""
        yield from self._console_of("stdout", self._stream("", piece), at=at)

    def console(self, stream: str, text: str, *, at: int, case_id: str | None = None) -> Iterator[Event]:
        """Take a piece of what a test printed."""
        yield from self._console_of(stream, self._stream(stream, text.encode(errors="replace")), at=at, case_id=case_id)

    def rest(self, *, at: int) -> Iterator[Event]:
        """Give what waited for more to come, which does not."""
        for name, stream in self._streams.items():
            yield from self._console_of(name or "stdout", stream.end(), at=at)

    def _stream(self, name: str, piece: bytes) -> bytes:
        """Scrub a piece of what comes from one source; what may be a secret's beginning waits for the next."""
        return self._streams.setdefault(name, self.scrubber.stream()).feed(piece)

    def _console_of(self, stream: str, piece: bytes, *, at: int, case_id: str | None = None) -> Iterator[Event]:
        """Keep a piece of output, and give the event for it until there has been enough to watch."""
        if not piece:
            return
        self.printed(piece)
        text = piece.decode(errors="replace")
        if self._console >= MOST_CONSOLE_BYTES:
            return
        kept = text[: MOST_CONSOLE_BYTES - self._console]
        self._console += len(kept)
        data = {"stream": stream, "text": kept, **({"caseId": case_id} if case_id else {})}
        yield self._event("console", at, data)
        if self._console >= MOST_CONSOLE_BYTES:
            note = {"stream": stream, "text": "\n[more was printed: see the run's console]\n"}
            yield self._event("console", at, note)

    def notes(self, lines: Sequence[str], *, at: int) -> Iterator[Event]:
        """Give the event for what we have to say ourselves, however much was printed."""
        if lines:
            yield self._event("console", at, {"stream": "stderr", "text": "".join(f"{line}\n" for line in lines)})

    def _test_begin(self, said: dict[str, Any]) -> Iterator[Event]:
        case_id, title = _name(said["caseId"]), _short(said["title"], _MOST_TITLE)
        if len(self.running) < _MOST_RUNNING:
            self.running[case_id] = title
        data = {"caseId": case_id, "title": title, "status": "running", "attempt": _whole(said["attempt"])}
        yield from self._show("test", MOST_TESTS, said, data)

    def _test_end(self, said: dict[str, Any]) -> Iterator[Event]:
        status = _STATUS[said["status"]]
        if said["outcome"] == "expected" and status is not TestStatus.SKIPPED:
            status = TestStatus.PASSED  # a test.fail() that failed, as it should
        elif said["outcome"] == "unexpected" and status is TestStatus.PASSED:
            status = TestStatus.FAILED  # a test.fail() that passed
        elif said["outcome"] == "flaky":
            status = TestStatus.FLAKY
        case_id, attempt = _name(said["caseId"]), _whole(said["attempt"])
        message = _short(said["message"], _MOST_MESSAGE) if said.get("message") else None
        case = Case(
            title=_short(said["title"], _MOST_TITLE),
            status=status,
            duration_ms=_whole(said["durationMs"]),
            attempts=attempt,
            message=message,
        )
        self.running.pop(case_id, None)
        self._keep(case_id, case)
        data = {
            "caseId": case_id,
            "title": case.title,
            "status": str(status),
            "durationMs": case.duration_ms,
            "attempt": attempt,
            **({"message": message} if message else {}),
            **({"willRetry": True} if said.get("willRetry") else {}),
        }
        yield from self._show("test", MOST_TESTS, said, data)

    def _keep(self, case_id: str, case: Case) -> None:
        """Remember a case. Of more than can be, only what changes the verdict: the first that ended in a way that no other did."""
        if known := self.cases.pop(case_id, None):
            self._case_bytes -= _bytes(known)
        if self._case_bytes + _bytes(case) > MOST_CASE_BYTES // 2 and case.message:
            case = case.model_copy(update={"message": _short(case.message, _MOST_LATE)})
        full = self._case_bytes + _bytes(case) > MOST_CASE_BYTES
        if full and any(case.status is other.status for other in self.cases.values()):
            return
        self._case_bytes += _bytes(case)
        self.cases[case_id] = case

    def _step(self, said: dict[str, Any]) -> Iterator[Event]:
        data: dict[str, Any] = {name: _name(said[name]) for name in ("caseId", "stepId", "category")}
        data["title"] = _short(said["title"], _MOST_TITLE)
        if said["type"] == "stepBegin":
            data["status"] = "running"
        else:
            data |= {"status": "failed" if said["failed"] else "passed", "durationMs": _whole(said["durationMs"])}
            if said.get("message"):
                data["message"] = _short(said["message"], _MOST_MESSAGE)
        yield from self._show("step", MOST_STEPS, said, data)

    def _show(
        self, kind: Literal["test", "step"], most: int, said: dict[str, Any], data: dict[str, Any]
    ) -> Iterator[Event]:
        """Give an event until there were enough of its kind, or in all; then, once, word that there is more."""
        at = _whole(said["at"])
        size = sum(len(value) for value in data.values() if isinstance(value, str))
        if self._shown.get(kind, 0) < most and self._bytes + size <= MOST_EVENT_BYTES:
            self._shown[kind] = self._shown.get(kind, 0) + 1
            self._bytes += size
            yield self._event(kind, at, data)
        elif not self._cut:
            self._cut = True
            yield self._event("console", at, {"stream": "stderr", "text": _NOT_SHOWN})

    def _event(self, kind: EventType, at: int, data: dict[str, Any]) -> Event:
        return Event(type=kind, at=at, data={"testId": self.test_id, **data})


def _bytes(case: Case) -> int:
    return _CASE_BYTES + len(json.dumps([case.title, case.message]))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _whole(value: Any) -> int:
    """Read a number that the runner gives: milliseconds, of a clock at the most, or less."""
    number: int = round(value)
    if not 0 <= number < _MOST_NUMBER:
        raise ValueError("no such number is ever given")
    return number


def _name(value: Any) -> str:
    """Read what the runner calls something by."""
    if not isinstance(value, str) or len(value) > _MOST_NAME:
        raise ValueError("nothing is called that")
    return value


def _short(value: Any, most: int) -> str:
    text = str(value).encode(errors="replace").decode()  # without half surrogate pairs, which nobody could store
    return text if len(text) <= most else f"{text[: most - 1]}…"
