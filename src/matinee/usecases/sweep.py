"""Every minute: bring to its end what got lost on the way."""

import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matinee.model.errors import DatabaseUnavailableError, LiveUnavailableError, NotFoundError
from matinee.model.run import Reason, TestStatus
from matinee.stores.keys import Keys
from matinee.stores.live import LiveTable, TestState
from matinee.stores.rows import Run, RunTest, to_ms
from matinee.stores.runs import Runs
from matinee.usecases.cancel import Canceller, is_held, unfinished
from matinee.usecases.dispatch import Dispatch
from matinee.usecases.milestones import now_ms, run_event
from matinee.usecases.track import Tracker

logger = logging.getLogger(__name__)

#: A test begun this often, whose worker disappeared each time, is not begun again.
MAX_ATTEMPTS = 3
#: How long a saved test may stay unsent: a submission takes no longer.
UNSENT_GRACE_S = 30
#: How long a lost worker's message has to come back by itself.
LOST_GRACE_S = 60
#: A test that nobody took is sent again after this, then after twice this, and so on: a queue may just be long.
RESEND_AFTER_S = 300
RESEND_AFTER_AT_MOST_S = 3_600
#: A test that nobody took in this time is given up.
GIVE_UP_AFTER = timedelta(days=1)
#: How long a report may come after its verdict. A worker lost in between is replaced, and its successor uploads it.
REPORT_GRACE_S = 900

_IDEMPOTENCY_KEYS_LAST = timedelta(days=1)


@dataclass(frozen=True)
class Sweeper:
    """Compares Postgres with the live table and mends the difference. Two at once do no harm."""

    runs: Runs
    keys: Keys
    live: LiveTable
    dispatch: Dispatch
    tracker: Tracker
    canceller: Canceller

    def sweep(self, *, everything: bool = False, patience_s: float = 45.0) -> Mapping[str, int]:
        """Mend all unfinished runs, oldest first, for at most `patience_s`; give how often what was done.

        With `everything` no grace is given: for a start after which queue and live table may be empty.

        Raises:
            DatabaseUnavailableError, LiveUnavailableError: the next sweep will do better.
        """
        done: Counter[str] = Counter()
        deadline = time.monotonic() + patience_s
        for run in self._unfinished():
            if time.monotonic() > deadline:
                break
            done.update(self._mend_safely(run, everything=everything))
        done["tickets_forgotten"] = self.keys.forget_tickets()
        before = datetime.now(UTC) - _IDEMPOTENCY_KEYS_LAST
        done["idempotency_keys_forgotten"] = self.runs.forget_idempotency_keys(before=before)
        return {what: times for what, times in done.items() if times}

    def _unfinished(self) -> Iterator[Run]:
        page = self.runs.unfinished()
        while page:
            yield from page
            page = self.runs.unfinished(after=page[-1].id)

    def _mend_safely(self, run: Run, *, everything: bool) -> list[str]:
        """Mend one run; one that cannot be mended must not keep the others from it."""
        try:
            done = list(self._mend(run, everything=everything))
        except (DatabaseUnavailableError, LiveUnavailableError):
            raise
        except NotFoundError:
            return []  # deleted in this moment
        except Exception:
            logger.exception("run %s cannot be mended", run.id)
            return ["failed"]
        for what in done:
            logger.info("run %s: %s", run.id, what)
        return done

    def _mend(self, run: Run, *, everything: bool) -> Iterator[str]:
        states = self.live.states(run.id)
        if run.status.is_terminal:
            yield from self._mend_story(run, states, everything=everything)
            return
        for test in run.tests:
            if not test.status.is_terminal:
                yield from self._mend_test(run, test, states.get(test.id, TestState()), everything=everything)

    def _mend_story(self, run: Run, states: Mapping[str, TestState], *, everything: bool) -> Iterator[str]:
        """The run has ended, but its events have not."""
        if reported := [state.report_at for state in states.values() if state.report_at]:
            self.tracker.reported(run.id, at=max(reported))
            yield "report_noted"
            return
        for test_id, state in states.items():
            if state.result and not state.result.report:
                self.tracker.ended(run.id, test_id, state.result)
                yield "end_told"
                return
        none_will_come = any(state.lease and state.lease.report == "none" for state in states.values())
        if everything or not states or none_will_come or _seconds_since(run.ended_at) > REPORT_GRACE_S:
            self.tracker.end(run)
            yield "end_told"

    def _mend_test(self, run: Run, test: RunTest, state: TestState, *, everything: bool) -> Iterator[str]:
        """The test is open in Postgres."""
        if state.result:
            self.tracker.ended(run.id, test.id, state.result)
            yield "result_noted"
        elif state.lease and is_held(state.lease, at=now_ms()):
            if test.status is TestStatus.QUEUED:
                self.tracker.claimed(run.id, test.id, state.lease)
                yield "begin_noted"
            if run.cancel_requested_at and not state.lease.cancel:
                self.canceller.stop(run.id, test.id)
                yield "cancel_passed_on"
        elif run.cancel_requested_at or (state.lease and state.lease.cancel):
            self.canceller.stop(run.id, test.id)
            yield "cancelled"
        else:
            yield from self._mend_unheld(run, test, state, everything=everything)

    def _mend_unheld(self, run: Run, test: RunTest, state: TestState, *, everything: bool) -> Iterator[str]:
        """Nobody runs the test, and nobody cancelled it."""
        attempts = state.lease.attempt if state.lease else 0
        lost = attempts > 0 or test.status is TestStatus.RUNNING
        if not everything and _seconds_idle(run, test, state) < _grace_s(test, lost=lost):
            return
        if lost and max(attempts, test.losses + 1) >= MAX_ATTEMPTS:
            self._give_up(run, test, state)
            yield "worker_lost"
        elif not lost and datetime.now(UTC) - run.created_at > GIVE_UP_AFTER:
            self._give_up(run, test, state, message="No worker took this test for a day. Run it again.")
            yield "worker_lost"
        else:
            self._send_again(run, test, lost=lost)
            yield "sent_again"

    def _send_again(self, run: Run, test: RunTest, *, lost: bool) -> None:
        self.live.append_once(run.id, key="queued", events=[run_event(run, at=now_ms())])
        for order in self.runs.orders(run.id):
            if order.test_id == test.id:
                self.dispatch.send(order, lost=lost)

    def _give_up(self, run: Run, test: RunTest, state: TestState, *, message: str | None = None) -> None:
        result = unfinished(state.lease, status=TestStatus.ERROR, reason=Reason.WORKER_LOST, message=message)
        if self.live.put_result(run.id, test.id, result):
            self.tracker.ended(run.id, test.id, result)


def _grace_s(test: RunTest, *, lost: bool) -> float:
    """How long to wait for something to happen to the test by itself."""
    if lost:
        return LOST_GRACE_S
    if test.sent_at is None:
        return UNSENT_GRACE_S
    return min(RESEND_AFTER_S * 2.0 ** (test.deliveries - 1), RESEND_AFTER_AT_MOST_S)


def _seconds_idle(run: Run, test: RunTest, state: TestState) -> float:
    """Tell for how long nothing has happened to the test."""
    lease_ended = state.lease.until if state.lease else 0
    return (now_ms() - max(lease_ended, to_ms(test.sent_at or run.created_at))) / 1000


def _seconds_since(moment: datetime | None) -> float:
    return (datetime.now(UTC) - moment).total_seconds() if moment else 0.0
