"""The rules for what people keep: saved tests, and the jobs that group them."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from math import ceil

MAX_TAGS = 20
MAX_TAG_LENGTH = 50
MAX_DESCRIPTION_LENGTH = 5_000
MAX_PATH_LENGTH = 500
#: The most tests of one job, and of one run of it.
MAX_JOB_TESTS = 1_000
MAX_PARALLELISM = 100
#: The longest a whole run may take: a day.
MAX_RUN_SECONDS = 86_400
#: The most that the scripts of one run have together, in bytes: a function holds them all in memory.
MAX_RUN_SCRIPT_BYTES = 50_000_000

#: What a test may take beside its own time: its way to a worker, a worker's start, its report.
_AROUND_TEST_S = 60
_AROUND_RUN_S = 300


class Only(StrEnum):
    """Which of a run's tests are run again."""

    FAILED = "failed"  #: those that had no chance to pass, too: cancelled, or not begun for others' failures
    ALL = "all"


def seconds_of_run(tests: int, *, parallelism: int, timeout_seconds: int) -> int:
    """Give the seconds in which so many tests have surely ended, each with its own timeout: at most a day."""
    rounds = ceil(tests / parallelism)
    return min(rounds * (timeout_seconds + _AROUND_TEST_S) + _AROUND_RUN_S, MAX_RUN_SECONDS)


def faults_of_references(ids: Sequence[str | None], known: Collection[str]) -> Mapping[int, str]:
    """Tell what is wrong with references to saved tests, by their places; None is no reference.

    Each must be among the `known`, the workspace's own, and none may be there twice.
    """
    faults: dict[int, str] = {}
    seen: set[str] = set()
    for place, each in enumerate(ids):
        if each is None:
            continue
        if each not in known:
            faults[place] = "there is no such test"
        elif each in seen:
            faults[place] = "this test is there twice"
        seen.add(each)
    return faults
