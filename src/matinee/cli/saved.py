"""What the server keeps, saved tests and jobs, brought to what somebody wants it to be."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from matinee.cli.api import Api, LostError, RefusedError

TESTS = "/api/tests"
JOBS = "/api/jobs"
#: What is a job's own beside its name, its tests and its schedule.
JOB_FIELDS = (
    "description",
    "baseUrl",
    "parallelism",
    "retries",
    "timeoutSeconds",
    "runTimeoutSeconds",
    "stopAfterFailures",
)
_SCHEDULE_FIELDS = ("cron", "timezone", "enabled", "overlap", "missed", "startsAt", "endsAt")
#: How often somebody else may get in between before we give up.
_ROUNDS = 5
_PAUSE_SECONDS = 0.5
#: Somebody else made it, deleted it or saved another version, after we had looked.
_OVERTAKEN = {httpx.codes.NOT_FOUND, httpx.codes.CONFLICT, httpx.codes.PRECONDITION_FAILED}


@dataclass(frozen=True)
class Saved:
    """A thing as the server has it now."""

    outcome: str  #: created, updated or unchanged
    document: dict[str, Any]
    again: bool  #: somebody else changed it at the same time, so it was read again

    @property
    def words(self) -> str:
        """Tell what became of it."""
        version = f" (version {self.document['version']})" if self.outcome == "updated" else ""
        return f"{self.outcome}{version}{', after somebody else had changed it' if self.again else ''}"


async def find(api: Api, kind: str, **key: str) -> dict[str, Any] | None:
    """Give what a list shows of the one thing with this key; None if there is none."""
    return next(iter((await api.ask("GET", kind, params=key))["items"]), None)


async def bring(
    api: Api, kind: str, *, key: dict[str, str], wanted: Callable[[dict[str, Any]], dict[str, Any]]
) -> Saved:
    """Make the thing with this key, or change it, or leave it if it is as it should be.

    `wanted` tells how it should be, from how it is ({} if it is not there). It is asked again if somebody else changes
    the thing at the same time: nothing of theirs is lost, and nothing is made twice.

    Raises:
        RefusedError: if the server does not take it, or somebody else changes it again and again.
    """
    again = False
    for left in reversed(range(_ROUNDS)):
        try:
            outcome, document = await _attempt(api, kind, key=key, wanted=wanted)
        except LostError:
            if not left:
                raise
        except RefusedError as error:
            if not left or error.extra["status"] not in _OVERTAKEN:
                raise
            again = True
        else:
            return Saved(outcome, document, again)
        await asyncio.sleep(_PAUSE_SECONDS)
    raise AssertionError  # the last round returns or raises


async def _attempt(
    api: Api, kind: str, *, key: dict[str, str], wanted: Callable[[dict[str, Any]], dict[str, Any]]
) -> tuple[str, dict[str, Any]]:
    found = await find(api, kind, **key)
    if found is None:
        return "created", await api.save("POST", kind, json=_given(wanted({})))
    path = f"{kind}/{found['id']}"
    known = _as_saved(await api.ask("GET", path))
    body = wanted(known)
    if body == {name: known.get(name) for name in body}:
        return "unchanged", known
    version = {"If-Match": f'"{known["version"]}"'}
    return "updated", await api.save("PUT", path, json=_given(body), headers=version)


def _as_saved(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the server tells of a job's schedule, and nobody saves."""
    if not (schedule := document.get("schedule")):
        return document
    return {**document, "schedule": {name: schedule[name] for name in _SCHEDULE_FIELDS if name in schedule}}


def _given(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}
