"""Make the report of a job's run out of the blobs that its tests left. Twice is harmless: the second finds it made."""

import json
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from matinee.model.errors import MatineeError, NotFoundError
from matinee.model.run import TestStatus
from matinee.model.work import RunOrder
from matinee.runner.report import Part, ReportStep
from matinee.runner.told import Told
from matinee.stores.artifacts import Artifacts, manifest_key, report_prefix, test_prefix
from matinee.stores.live import LiveTable
from matinee.usecases.publish import publish

logger = logging.getLogger(__name__)

#: How many blobs are fetched at once.
_AT_ONCE = 16


class ReportFailedError(MatineeError):
    """The report could not be made."""


@dataclass(frozen=True, kw_only=True)
class Merger:
    """What merge_report does with each order."""

    live: LiveTable
    artifacts: Artifacts
    reports: ReportStep

    def merge(self, order: RunOrder) -> None:
        """Make the run's report, unless it is there, and say that it is.

        An order may come many times: twice from its queue, and from sweep while others wait there.

        Raises:
            NotFoundError: if the run's manifest is not there (yet); the order must come back.
            ReportFailedError: if no report could be made; likewise.
            LiveUnavailableError: if S3 or DynamoDB does not answer.
        """
        if self.artifacts.exists(
            f"{report_prefix(order.workspace_id, order.run_id)}index.html"
        ):  # the last that is written
            self.live.put_report(order.run_id, order.run_id, at=time.time_ns() // 1_000_000)
            return
        manifest = json.loads(self.artifacts.get_bytes(manifest_key(order.workspace_id, order.run_id)))
        tests: list[Mapping[str, Any]] = manifest["tests"]
        began = min((test["startedAt"] for test in tests if "startedAt" in test), default=time.time_ns() // 1_000_000)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            parts = list(pool.map(lambda test: Part(_told(test, began), self._blob(order, test["id"])), tests))
        with self.reports.making(manifest["title"], parts) as made:
            report = made()
            if report is None:
                raise ReportFailedError
            run = {"workspace_id": order.workspace_id, "run_id": order.run_id}
            publish(report, live=self.live, artifacts=self.artifacts, **run)
        logger.info("the report of %d tests is made", len(tests), extra={"run_id": order.run_id})

    def _blob(self, order: RunOrder, test_id: str) -> bytes | None:
        """Fetch what a test left; nothing, if it never ran, or its worker was lost."""
        try:
            return self.artifacts.get_bytes(f"{test_prefix(order.workspace_id, order.run_id, test_id)}blob.zip")
        except NotFoundError:
            return None


def _told(test: Mapping[str, Any], began: int) -> Told:
    """Read an entry of the manifest; a test that nobody began stands at the run's `began`."""
    return Told(
        title=test["title"],
        status=TestStatus(test["status"]),
        message=test.get("message"),
        started_at=test.get("startedAt", began),
        duration_ms=test.get("durationMs", 0),
    )
