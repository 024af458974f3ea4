"""A worker's claim on one test of a run."""

from dataclasses import dataclass
from typing import Literal

ReportState = Literal["none", "pending", "ready"]


@dataclass(frozen=True)
class Lease:
    """Who runs a test now, and what was asked of it. Times are in ms since the epoch."""

    owner: str | None
    attempt: int  #: how often the test was claimed
    until: int  #: the owner's claim ends then, unless it is renewed; 0 once it was released
    started_at: int | None  #: the first claim
    cancel: bool  #: somebody asked to stop
    done: bool  #: a result is there; nobody may claim the test again
    report: ReportState | None  #: known once done
