"""Serve the files of a run's report, be it of one test or of a job, and the trace viewer as a part of it."""

import re
from dataclasses import dataclass
from enum import Enum

from matinee.model.errors import NotFoundError
from matinee.stores.artifacts import Artifacts, Served, report_prefix, viewer_prefix
from matinee.stores.ids import is_id
from matinee.stores.rows import Run
from matinee.stores.runs import Runs

_INDEX = "index.html"
#: Below this lies what tests attached, whatever that is.
ATTACHED = "data/"
#: What other programs read, and no browser runs.
RESULTS = frozenset({"junit.xml", "results.json"})
#: Below this the report looks for the trace viewer, which is stored once for all reports.
_VIEWER = "trace/"
#: Files whose names are given once: what tests attached (`data/<hash>.zip`: of what is in it, or with an attempt's own salt), and parts
#: of the viewer that are named by their content (`trace/assets/urlMatch-Cgl6axSs.js`).
_NAMED_ONCE = re.compile(r"data/[0-9a-f]{40}\.[^/]+|trace/(assets/)?\w+[.-][\w-]{8}\.(js|css|ttf)")
_FOR_EVER = "private, max-age=31536000, immutable"
_ASK_AGAIN = "private, max-age=0, must-revalidate"


class Missing(Enum):
    """Why there is no report to read."""

    NOT_YET = "not yet"  #: it may still come
    NONE = "none"  #: the run ended without one
    GONE = "gone"  #: it was there, and was deleted or has expired
    FILE = "file"  #: the report is there, but not this file of it


@dataclass(frozen=True, kw_only=True)
class Reports:
    """All reports. Raises LiveUnavailableError and DatabaseUnavailableError where a store does not answer."""

    artifacts: Artifacts
    runs: Runs
    playwright_version: str

    def open(
        self, workspace_id: str, run_id: str, path: str, *, byte_range: str | None, etag: str | None, head: bool
    ) -> Served:
        """Begin to serve the file at `path` below the run's report; the empty path is its index.

        Nothing outside the workspace's own run can be named: both are parts of the key.

        Raises:
            NotFoundError: if there is none.
        """
        name = path or _INDEX
        if not _is_plain(name) or not _is_plain(run_id):
            raise NotFoundError("There is no such file in the report.")
        key = report_prefix(workspace_id, run_id) + name
        if name.startswith(_VIEWER):
            key = viewer_prefix(self.playwright_version) + name.removeprefix(_VIEWER)
        served = self.artifacts.open(key, range_header=byte_range, if_none_match=etag, head=head)
        served.headers["cache-control"] = _FOR_EVER if _NAMED_ONCE.fullmatch(name) else _ASK_AGAIN
        return served

    def latest_of(self, workspace_id: str, job_id: str) -> str | None:
        """Give the job's latest run that has a report, else its latest; None if it has no run, or there is no such job."""
        if not is_id(job_id):
            return None
        latest, _ = self.runs.list(workspace_id, job_id=job_id)
        return next((run.id for run in [*(run for run in latest if run.report_at), *latest]), None)

    def why_missing(self, workspace_id: str, run_id: str) -> tuple[Run, Missing]:
        """Tell why a file could not be served.

        Raises:
            NotFoundError: if the workspace has no such run.
        """
        run = self.runs.get(workspace_id, run_id)
        if run.report_at is None:
            return run, Missing.NONE if run.end_said_at else Missing.NOT_YET
        index = report_prefix(workspace_id, run_id) + _INDEX
        return run, Missing.FILE if self.artifacts.exists(index) else Missing.GONE


def _is_plain(path: str) -> bool:
    """Whether every segment is a plain name. The server has decoded the path once; what is still encoded is no name."""
    return all(
        segment.strip(".") and segment.isprintable() and not set(segment) & {"\\", "%"} for segment in path.split("/")
    )
