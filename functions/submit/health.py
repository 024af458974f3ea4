"""What is up."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Literal

from fastapi import APIRouter, Response

from matinee import __version__, bootstrap, settings
from matinee.http import schemas
from matinee.model.errors import MatineeError

#: How long all checks together may take.
LIMIT_S = 1.0

_Part = Literal["database", "live", "artifacts", "queue"]

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
    checks = _check_all()
    ok = all(check.status == "ok" for check in checks.values())
    response.status_code = 200 if ok else 503
    response.headers["Cache-Control"] = "no-store"
    versions = settings.load(settings.VersionSettings)
    return schemas.Health(
        status="ok" if ok else "degraded",
        version=__version__,
        playwright=versions.playwright_version,
        chromium=versions.chromium_version,
        checks=checks,
    )


def _check_all() -> dict[_Part, schemas.Check]:
    """Ask all parts at once."""
    asked: dict[_Part, Future[None]] = {
        "database": _pool().submit(_ask_database),
        "live": _pool().submit(_ask_live),
        "artifacts": _pool().submit(_ask_artifacts),
        "queue": _pool().submit(_ask_queue),
    }
    deadline = time.monotonic() + LIMIT_S
    return {part: _answer(future.result, deadline) for part, future in asked.items()}


def _answer(wait: Callable[[float], None], deadline: float) -> schemas.Check:
    try:
        wait(max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        return schemas.Check(status="failed", detail=f"It did not answer within {LIMIT_S:g} s.")
    except MatineeError as error:
        return schemas.Check(status="failed", detail=error.detail)
    return schemas.Check(status="ok")


def _ask_database() -> None:
    bootstrap.database().ping(patience_s=LIMIT_S)


def _ask_live() -> None:
    bootstrap.live().read("health", after=0, limit=1)  # no run has this id; an answer is an answer


def _ask_artifacts() -> None:
    bootstrap.artifacts().exists("health")


def _ask_queue() -> None:
    bootstrap.test_queue().ping()


@cache
def _pool() -> ThreadPoolExecutor:
    """Give the threads for checks: a few more than checks, for one that hangs must not hold up the next request's."""
    return ThreadPoolExecutor(max_workers=12, thread_name_prefix="health")
