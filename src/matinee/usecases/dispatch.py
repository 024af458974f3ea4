"""Put a test's order where a worker finds it."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from matinee.model.errors import DatabaseUnavailableError
from matinee.model.work import TestOrder
from matinee.stores.artifacts import Artifacts, script_key
from matinee.stores.queues import Queue, fits
from matinee.stores.tracking import Tracking

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dispatch:
    """Sends orders. Twice the same is harmless: whoever claims the test first runs it."""

    tracking: Tracking
    queue: Queue[TestOrder]
    artifacts: Artifacts

    def send(self, order: TestOrder, *, lost: bool = False) -> None:
        """Queue `order` and mark it as sent; `lost`: once more, for its worker disappeared.

        Raises:
            LiveUnavailableError: if the queue or S3 does not answer.
        """
        self.put(order)
        try:
            self.tracking.mark_sent(order.test_id, at=datetime.now(UTC), lost=lost)
        except DatabaseUnavailableError:  # it is queued all the same; the worst is that sweep sends it again
            ids = {"run_id": order.run_id, "test_id": order.test_id}
            logger.warning("a test is queued, but not marked so", extra=ids)

    def put(self, order: TestOrder) -> None:
        """Queue `order`, which is marked as sent; its script goes by way of S3 if it is long.

        Raises:
            LiveUnavailableError: if the queue or S3 does not answer.
        """
        self.queue.send(order if fits(order) else self._by_way_of_s3(order))

    def _by_way_of_s3(self, order: TestOrder) -> TestOrder:
        key = script_key(order.workspace_id, order.run_id, order.test_id)
        self.artifacts.put_bytes(key, (order.script or "").encode(), content_type="text/plain; charset=utf-8")
        return order.model_copy(update={"script": None, "script_key": key})
