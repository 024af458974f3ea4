"""What is up."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any, Literal

from fastapi import APIRouter, Response

from matinee import __version__, bootstrap, settings
from matinee.http import schemas
from matinee.model.confinement import Confinement
from matinee.model.errors import MatineeError
from matinee.model.schedule import FAILING_AFTER

#: How long all checks together may take.
LIMIT_S = 1.0

_FAILING = (
    "Schedules that did not start a run at their last {ticks} ticks: {count}. GET /api/jobs tells which are `failing`."
)

_UNKNOWN = "No worker has said yet how scripts are confined."

_Part = Literal["database", "live", "artifacts", "queue", "schedules"]

router = APIRouter()


@router.get(
    "/api/health",
    operation_id="getHealth",
    summary="What is up",
    response_model_exclude_none=True,
    responses={503: {"model": schemas.Health, "description": "Some part does not answer."}},
    tags=["health"],
)
def get_health(response: Response) -> schemas.Health:
    """Tell whether everything answers, and the versions. Needs no key, and tells no secrets."""
    checks, sandbox = _check_all()
    ok = all(check.status != "failed" for check in checks.values())
    response.status_code = 200 if ok else 503
    response.headers["Cache-Control"] = "no-store"
    versions = settings.load(settings.VersionSettings)
    return schemas.Health(
        status="ok" if ok else "degraded",
        version=__version__,
        playwright=versions.playwright_version,
        chromium=versions.chromium_version,
        checks=checks,
        sandbox=sandbox,
    )


def _check_all() -> tuple[dict[_Part, schemas.Check], schemas.Sandbox]:
    """Ask all parts at once."""
    # Built before the clock runs: in a new process that takes longer than any answer.
    database, live, ticks = bootstrap.database(), bootstrap.live(), bootstrap.ticks()
    artifacts, queue, vitals = bootstrap.artifacts(), bootstrap.test_queue(), bootstrap.vitals()
    ask = _pool().submit
    asked: dict[_Part, Future[Any]] = {
        "database": ask(database.ping, patience_s=LIMIT_S),
        "live": ask(live.read, "health", after=0, limit=1),  # no run has this id; an answer is an answer
        "artifacts": ask(artifacts.exists, "health"),
        "queue": ask(queue.ping),
    }
    failing, confinement = ask(ticks.failing, patience_s=LIMIT_S), ask(vitals.confinement)
    deadline = time.monotonic() + LIMIT_S
    answers = {part: _answer(future, deadline) for part, future in asked.items()}
    answers["schedules"] = _answer(failing, deadline)
    if answers["schedules"].status == "ok" and (count := len(failing.result())):
        answers["schedules"] = schemas.Check(status="warning", detail=_FAILING.format(count=count, ticks=FAILING_AFTER))
    return answers, _sandbox(confinement, deadline)


def _sandbox(asked: Future[Confinement | None], deadline: float) -> schemas.Sandbox:
    try:
        found = asked.result(max(0.0, deadline - time.monotonic()))
    except (TimeoutError, MatineeError):
        found = None
    if found is None:
        return schemas.Sandbox(status="warning", detail=_UNKNOWN)
    missing = " ".join(found.missing())
    return schemas.Sandbox(
        status="warning" if missing else "ok",
        detail=missing or None,
        kind=found.sandbox,
        own_uid=found.own_uid,
        hardened=found.hardened,
        egress=found.egress,
    )


def _answer(asked: Future[Any], deadline: float) -> schemas.Check:
    try:
        asked.result(max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        return schemas.Check(status="failed", detail=f"It did not answer within {LIMIT_S:g} s.")
    except MatineeError as error:
        return schemas.Check(status="failed", detail=error.detail)
    return schemas.Check(status="ok")


@cache
def _pool() -> ThreadPoolExecutor:
    """Give the threads for checks: a few more than checks, for one that hangs must not hold up the next request's."""
    return ThreadPoolExecutor(max_workers=12, thread_name_prefix="health")
