"""A report that was made becomes one that can be read."""

import base64
import hashlib
import re
import time
from pathlib import Path

from matinee.stores.artifacts import Artifacts, report_prefix
from matinee.stores.live import LiveTable

#: A mark of `index.html`: which script it may run, as a policy names it (functions/report_proxy/policy.py).
SCRIPT_MARK = "script"
#: Playwright's own script, in the page's head. All that a test's author had a say in comes later.
_SCRIPT = re.compile(rb"<script[^>]*>(.*?)</script>", re.DOTALL)


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
        artifacts.upload_tree(report_prefix(workspace_id, run_id), made, index_marks=_marks(made / "index.html"))
    live.put_report(run_id, test_id or run_id, at=None if made is None else time.time_ns() // 1_000_000)


def _marks(index: Path) -> dict[str, str]:
    found = _SCRIPT.search(index.read_bytes())
    return {SCRIPT_MARK: f"sha256-{base64.b64encode(hashlib.sha256(found[1]).digest()).decode()}"} if found else {}
