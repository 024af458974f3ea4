"""A blob report for a run whose own runner could not write one: killed at its deadline, out of memory, gone.

The format is Playwright's, as version 2 of its blob reporter writes it and `merge-reports` reads it (1.65): a zip of `report.jsonl`.
So a run that never reported appears in its report as what it was, not as a gap.
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matinee.model.run import TestStatus
from matinee.model.work import Case

_PLAYWRIGHT = {
    TestStatus.PASSED: "passed",
    TestStatus.FLAKY: "passed",
    TestStatus.FAILED: "failed",
    TestStatus.ERROR: "failed",
    TestStatus.TIMED_OUT: "timedOut",
    TestStatus.SKIPPED: "skipped",
    TestStatus.CANCELLED: "interrupted",
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is known of a run without a report of its own."""

    file: str  #: the script's file name
    root: Path  #: the folder it lay in, as the script saw it
    cases: tuple[Case, ...]  #: at least one
    started_at: int  #: ms since the epoch
    duration_ms: int
    version: str  #: of Playwright


def write(told: Told, target: Path) -> None:
    """Write the blob report of `told` to the file `target`."""
    lines = [json.dumps(document, ensure_ascii=False) for document in _documents(told)]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.jsonl", "\n".join(lines) + "\n")


def _documents(told: Told) -> list[dict[str, Any]]:
    location = {"file": told.file, "line": 1, "column": 1}
    ids = [f"matinee-{number}" for number in range(len(told.cases))]
    entries = [
        {
            "testId": test_id,
            "title": case.title,
            "location": location,
            "retries": 0,
            "tags": [],
            "repeatEachIndex": 0,
            "annotations": [],
        }
        for test_id, case in zip(ids, told.cases, strict=True)
    ]
    suite = {"title": told.file, "location": {**location, "line": 0, "column": 0}, "entries": entries}
    project = {
        "metadata": {}, "name": "", "outputDir": "output", "repeatEach": 1, "retries": 0, "testDir": "", "testIgnore": [],
        "testMatch": [{"s": told.file}], "timeout": 0, "suites": [suite], "grep": [{"r": {"source": ".*", "flags": ""}}],
        "grepInvert": [], "dependencies": [], "snapshotDir": "snapshots", "use": {},
    }  # fmt: skip
    config = {
        "globalTimeout": 0, "maxFailures": 0, "metadata": {}, "rootDir": str(told.root), "shard": None, "version": told.version,
        "workers": 1, "globalSetup": None, "globalTeardown": None, "tags": [], "webServer": None,
    }  # fmt: skip
    passed = all(case.status in {TestStatus.PASSED, TestStatus.FLAKY, TestStatus.SKIPPED} for case in told.cases)
    result = {"status": "passed" if passed else "failed", "startTime": told.started_at, "duration": told.duration_ms}
    return [
        _said("onBlobReportMetadata", version=2, userAgent=f"Playwright/{told.version} (Matinee)", pathSeparator="/"),
        _said("onConfigure", config=config),
        _said("onProject", project=project),
        {"method": "onBegin"},
        *[
            document
            for test_id, case in zip(ids, told.cases, strict=True)
            for document in _case(test_id, case, told.started_at)
        ],
        _said("onEnd", result=result),
    ]


def _case(test_id: str, case: Case, started_at: int) -> list[dict[str, Any]]:
    begun = {"id": f"{test_id}-result", "retry": 0, "workerIndex": 0, "parallelIndex": 0, "startTime": started_at}
    errors = [{"message": case.message}] if case.message else []
    ended = {"id": begun["id"], "duration": case.duration_ms, "status": _PLAYWRIGHT[case.status], "errors": errors}
    test = {"testId": test_id, "expectedStatus": "passed", "timeout": 0, "annotations": []}
    return [_said("onTestBegin", testId=test_id, result=begun), _said("onTestEnd", test=test, result=ended)]


def _said(method: str, **params: Any) -> dict[str, Any]:
    return {"method": method, "params": params}
