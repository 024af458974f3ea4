"""A test's blob report, brought to say what its verdict says; or one in its place, where there is none that could be merged.

The format is Playwright's, as version 2 of its blob reporter writes it and its merge reads it (1.65): documents, one a line. A runner that was
killed tells of tests that begin and never end; one that could not load its script tells of no test at all. In a report both would look
as if nothing were wrong, and tools that count failures would find none.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matinee.model.run import TestStatus
from matinee.model.work import Case

Document = dict[str, Any]

_PLAYWRIGHT = {
    TestStatus.PASSED: "passed",
    TestStatus.FLAKY: "passed",
    TestStatus.FAILED: "failed",
    TestStatus.ERROR: "failed",
    TestStatus.TIMED_OUT: "timedOut",
    TestStatus.SKIPPED: "skipped",
    TestStatus.CANCELLED: "interrupted",
}
_RUN = {
    TestStatus.FAILED: "failed",
    TestStatus.ERROR: "failed",
    TestStatus.TIMED_OUT: "timedout",
    TestStatus.CANCELLED: "interrupted",
}
_BAD = {TestStatus.FAILED, TestStatus.ERROR, TestStatus.TIMED_OUT}
_START: Document = {"file": "script", "line": 0, "column": 1}
_COLOURS = re.compile(r"\x1b\[[\d;]*m")
#: What a blob has once each; the events stand before the last.
_FRAME = ("onBlobReportMetadata", "onConfigure", "onProject", "onBegin", "onEnd")


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is known of a test, whatever its own runner said."""

    title: str
    status: TestStatus
    message: str | None = None
    started_at: int  #: ms since the epoch
    duration_ms: int
    cases: tuple[Case, ...] = ()  #: what became of each `test(...)`, as far as they were heard of

    @property
    def good(self) -> bool:
        """Whether nothing in the report may look like a failure."""
        return self.status not in {*_BAD, TestStatus.CANCELLED}


def documents(told: Told, errors: Sequence[Document] = (), *, root: str = "/nowhere") -> list[Document]:
    """Give a blob report of `told`; `errors` are what its own runner had to say, with its script in the folder `root`."""
    borne_out = told.status not in _BAD or any(case.status in _BAD for case in told.cases)
    cases = told.cases if told.cases and borne_out else (*told.cases, _whole(told))
    files = [str(error["location"]["file"]) for error in errors if error.get("location")]
    file = next((file.removeprefix(f"{root}/") for file in files if file.startswith(f"{root}/")), "script")
    made = [_Made(told, case, number, errors, file=file) for number, case in enumerate(cases)]
    suite = {"title": file, "location": {**_START, "file": file}, "entries": [each.entry for each in made]}
    events = [event for each in made for event in each.events()]
    return _framed([suite], events, told, root=root, time={"startTime": told.started_at, "duration": told.duration_ms})


def agree(blob: Sequence[Document], told: Told) -> list[Document]:
    """Give the blob report of a test's own runner as it may be merged with others, and so that it bears its verdict out.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: if it is no blob report, or contradicts itself.
    """
    frame: dict[str, list[Any]] = {
        method: [document.get("params") for document in blob if document["method"] == method] for method in _FRAME
    }
    errors = [document["params"]["error"] for document in blob if document["method"] == "onError"]
    root = str(frame["onConfigure"][0]["config"]["rootDir"])
    if not any(_tests(suite) for project in frame["onProject"] for suite in project["project"]["suites"]):
        return documents(told, errors, root=root)  # the script could not be loaded, so there is no test that could tell
    if any(len(found) != 1 for found in frame.values()):
        raise ValueError("a blob report has one of each")
    suites, end = frame["onProject"][0]["project"]["suites"], frame["onEnd"][0]["result"]
    events = [document for document in blob if document["method"] not in _FRAME]
    heard = _Heard(suites, events)
    heard.close(told, at=end["startTime"] + end["duration"])
    if told.status in _BAD and not heard.failed:
        made = _Made(told, _whole(told), len(heard.expected), errors, file=str(suites[0]["location"]["file"]))
        suites[0]["entries"].append(made.entry)
        events += made.events()
    return _framed(suites, events, told, root=root, time={"startTime": end["startTime"], "duration": end["duration"]})


def _whole(told: Told) -> Case:
    """Let the test stand for itself where none of its cases says what became of it."""
    return Case(title=told.title, status=told.status, duration_ms=told.duration_ms, message=told.message)


class _Heard:
    """What a blob's events tell of its tests; each is held against what was said before."""

    def __init__(self, suites: Sequence[Document], events: list[Document]) -> None:
        self.expected = {str(test["testId"]): "passed" for suite in suites for test in _tests(suite)}
        self._events = events
        self._begun: dict[tuple[str, str], Document] = {}  # by test and attempt
        self._ended: dict[tuple[str, str], Document] = {}
        self._steps: set[tuple[str, str, str]] = set()
        for event in events:
            self._hear(event["method"], event["params"])

    @property
    def failed(self) -> bool:
        """Whether the last attempt of a test ended otherwise than it should."""
        last = {test_id: result["status"] for (test_id, _), result in self._ended.items()}
        return any(status not in {self.expected[test_id], "skipped", "interrupted"} for test_id, status in last.items())

    def close(self, told: Told, *, at: float) -> None:
        """Let what was cut short, by our hand or with its runner, end as the verdict says; `at` in ms since the epoch."""
        for (test_id, attempt), began in self._begun.items():
            if (test_id, attempt) not in self._ended:
                result = {
                    "id": attempt,
                    "duration": round(max(0, at - began["startTime"])),
                    "status": "interrupted",
                    "errors": [],
                }
                self._events.append(_test_end(test_id, result))
                self._ended[test_id, attempt] = result
        for result in self._ended.values():
            if result["status"] == "interrupted" and not told.good:
                result["status"] = _PLAYWRIGHT[told.status]
                result["errors"] = [*result["errors"], *_errors(told.message)]

    def _hear(self, method: str, said: Document) -> None:
        match method:
            case "onTestBegin":
                self._begun[self._declared(said["testId"]), said["result"]["id"]] = said["result"]
            case "onTestEnd":
                self._ended[self._attempt(said["test"]["testId"], said["result"]["id"])] = said["result"]
                self.expected[said["test"]["testId"]] = said["test"]["expectedStatus"]
            case "onStepBegin":
                self._steps.add((*self._attempt(said["testId"], said["resultId"]), said["step"]["id"]))
            case "onStepEnd":
                if (said["testId"], said["resultId"], said["step"]["id"]) not in self._steps:
                    raise ValueError("a step ended that never began")
            case "onAttach":
                self._attempt(said["testId"], said["resultId"])
            case "onStdIO" | "onError":
                pass  # they need not belong to a test
            case _:
                raise ValueError(f"a blob report has no {method}")

    def _declared(self, test_id: str) -> str:
        if test_id not in self.expected:
            raise ValueError("a test began that was not declared")
        return test_id

    def _attempt(self, test_id: str, attempt: str) -> tuple[str, str]:
        if (test_id, attempt) not in self._begun:
            raise ValueError("an attempt is told of that never began")
        return test_id, attempt


class _Made:
    """A `test(...)` that we tell of in its runner's stead."""

    def __init__(self, told: Told, case: Case, number: int, errors: Sequence[Document], *, file: str) -> None:
        self._id = hashlib.sha1(f"{number}/{case.title}".encode(), usedforsecurity=False).hexdigest()
        self._location = {**_START, "file": file, "line": 1}
        self._told = told
        self._case = case
        self._errors = _errors(case.message, errors)
        idle = case.status in {TestStatus.SKIPPED, TestStatus.CANCELLED}
        self._why = [{"type": case.status.value, "description": case.message}] if idle and case.message else []

    @property
    def entry(self) -> Document:
        """Its place among the project's tests."""
        return {
            "testId": self._id, "title": self._case.title, "location": self._location, "retries": 0, "tags": [],
            "repeatEachIndex": 0, "annotations": self._why,
        }  # fmt: skip

    def events(self) -> list[Document]:
        """Its begin and its end."""
        begun = {"id": self._id, "retry": 0, "workerIndex": 0, "parallelIndex": 0, "startTime": self._told.started_at}
        ended = {
            "id": self._id, "duration": self._case.duration_ms, "status": _PLAYWRIGHT[self._case.status],
            "errors": [] if self._why else self._errors,
        }  # fmt: skip
        return [
            {"method": "onTestBegin", "params": {"testId": self._id, "result": begun}},
            _test_end(self._id, ended, annotations=self._why),
        ]


def _errors(message: str | None, said: Sequence[Document] = ()) -> list[Document]:
    """Give the one of the errors `said` that `message` is about, for it has the lines of the script; else the message itself.

    Its stack is left out: a script that was never run has only ours.
    """
    if not message:
        return []
    about = next((error for error in said if _headline(error.get("message")) == _headline(message)), {})
    return [{"message": message, **{name: about[name] for name in ("message", "location", "snippet") if name in about}}]


def _headline(text: str | None) -> str:
    return _COLOURS.sub("", text or "").partition("\n")[0]


def _tests(suite: Document) -> list[Document]:
    return [test for entry in suite["entries"] for test in ([entry] if "testId" in entry else _tests(entry))]


def _test_end(test_id: str, result: Document, annotations: Sequence[Document] = ()) -> Document:
    test = {"testId": test_id, "expectedStatus": "passed", "timeout": 0, "annotations": annotations}
    return {"method": "onTestEnd", "params": {"test": test, "result": result}}


def _framed(
    suites: Sequence[Document], events: Sequence[Document], told: Told, *, root: str, time: Document
) -> list[Document]:
    """Put events between what a blob begins and ends with. Of the runner's own settings none matters to a reader."""
    project = {
        "metadata": {}, "name": "", "outputDir": "output", "repeatEach": 1, "retries": 0, "testDir": "", "testIgnore": [], "testMatch": [],
        "timeout": 0, "suites": suites, "grep": [], "grepInvert": [], "dependencies": [], "snapshotDir": "snapshots", "use": {},
    }  # fmt: skip
    config = {
        "globalTimeout": 0, "maxFailures": 0, "metadata": {}, "rootDir": root, "shard": None, "workers": 1, "globalSetup": None,
        "globalTeardown": None, "tags": [], "webServer": None,
    }  # fmt: skip
    return [
        {"method": "onBlobReportMetadata", "params": {"version": 2, "userAgent": "Matinee", "pathSeparator": "/"}},
        {"method": "onConfigure", "params": {"config": config}},
        {"method": "onProject", "params": {"project": project}},
        {"method": "onBegin"},
        *events,
        {"method": "onEnd", "params": {"result": {"status": _RUN.get(told.status, "passed"), **time}}},
    ]
