"""Dead letters: messages that three receivers could not handle. Whoever waits for their outcome shall not wait for ever."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from matinee.model.clock import now_ms
from matinee.model.run import Reason, TestStatus
from matinee.model.work import RunOrder, TestOrder
from matinee.stores.live import LiveTable, TestState
from matinee.stores.queues import Queue
from matinee.stores.tracking import Tracking
from matinee.usecases.cancel import is_held, unfinished

logger = logging.getLogger(__name__)

_Order = TypeVar("_Order", bound=BaseModel)


@dataclass(frozen=True)
class DeadLetters:
    """Draws the consequence of each dead letter, then deletes it; what broke off in between is repeated."""

    tracking: Tracking
    live: LiveTable
    tests: Queue[TestOrder]
    jobs: Queue[RunOrder]
    reports: Queue[RunOrder]

    def clear(self, *, patience_s: float = 10.0) -> Mapping[str, int]:
        """Clear the three queues for at most so long; give how many letters of which kind there were."""
        done: Counter[str] = Counter()
        deadline = time.monotonic() + patience_s
        done += self._clear(self.tests, "dead_test", self._test_died, until=deadline)
        done += self._clear(self.jobs, "dead_plan", self._plan_died, until=deadline)
        done += self._clear(self.reports, "dead_report", self._report_died, until=deadline)
        return done

    def _clear(self, queue: Queue[_Order], kind: str, bury: Callable[[_Order], bool], *, until: float) -> Counter[str]:
        done: Counter[str] = Counter()
        while time.monotonic() < until and (letters := queue.receive()):
            for letter in letters:
                if letter.order is None:
                    logger.error("a letter of kind %s is none of ours", kind)
                    done["dead_unknown"] += 1
                elif bury(letter.order):
                    done[kind] += 1
                else:
                    continue
                queue.delete(letter.receipt_handle)
        return done

    def _test_died(self, order: TestOrder) -> bool:
        """No worker could run the test. Not over yet, if one does: then this was one of several letters for it."""
        if order.test_id not in {test.id for test in self.tracking.open_tests(order.run_id)}:
            return True  # it has ended, or its run was deleted
        state = self.live.states(order.run_id).get(order.test_id, TestState())
        if is_held(state.lease, at=now_ms()):
            return False
        asked = state.lease is not None and state.lease.cancel
        status, reason = (TestStatus.CANCELLED, Reason.CANCELLED) if asked else (TestStatus.ERROR, Reason.WORKER_LOST)
        self.live.put_result(order.run_id, order.test_id, unfinished(state.lease, status=status, reason=reason))
        ids = {"run_id": order.run_id, "test_id": order.test_id}
        logger.error("a test ends: its order is dead", extra=ids)
        return True

    def _plan_died(self, order: RunOrder) -> bool:
        """The run could not be planned: sweep has it planned again, ever less often, and gives it up after a day."""
        logger.error("a run could not be planned", extra={"run_id": order.run_id})
        return True

    def _report_died(self, order: RunOrder) -> bool:
        """The run's report could not be made: sweep has it tried again, ever less often, and ends the story without one."""
        logger.error("the report of a run could not be made", extra={"run_id": order.run_id})
        return True
