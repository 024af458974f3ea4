"""A report that was made becomes one that can be read."""

import time
from pathlib import Path

from matinee.stores.artifacts import Artifacts, report_prefix
from matinee.stores.live import LiveTable


def publish(
    made: Path | None,
    *,
    live: LiveTable,
    artifacts: Artifacts,
    workspace_id: str,
    run_id: str,
    test_id: str | None = None,
) -> None:
    """Upload a run's report, then say that it is there; or, with None, that there is none, so that nobody waits for it.

    `test_id` is that of a single test, whose lease has been waiting for its report.
    """
    if made is not None:
        artifacts.upload_tree(report_prefix(workspace_id, run_id), made)
    live.put_report(run_id, test_id or run_id, at=None if made is None else time.time_ns() // 1_000_000)
