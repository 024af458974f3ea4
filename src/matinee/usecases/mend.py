"""Bring one run on when something got lost on its way: compare Postgres with the live table, mend the difference."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matinee.model.clock import now_ms
from matinee.model.run import Reason, RunKind, TestStatus
from matinee.model.work import RunOrder
from matinee.stores.live import LiveTable, TestState
from matinee.stores.queues import Queue
from matinee.stores.rows import RunSummary, RunTest, to_ms
from matinee.stores.runs import Runs
from matinee.stores.tracking import Tracking
from matinee.usecases.cancel import Canceller, is_held, unfinished
from matinee.usecases.close import Closer
from matinee.usecases.dispatch import Dispatch
from matinee.usecases.milestones import run_event
from matinee.usecases.plan import Planner
from matinee.usecases.track import Tracker

#: A test begun this often, whose worker disappeared each time, is not begun again.
MAX_ATTEMPTS = 3
#: How long a saved run may stay unsent, or unplanned: neither takes longer by itself.
UNSENT_GRACE_S = 30
#: How long a lost worker's message has to come back by itself.
LOST_GRACE_S = 60
#: A test that nobody took is sent again after this, then after twice this, and so on: a queue may just be long.
RESEND_AFTER_S = 300
#: The same for a job's test. Of one run there are never more on the queue than `parallelism`, so it is not often long; and
#: a test whose sender broke off between Postgres and the queue was marked as sent, but never was.
RESEND_IN_JOB_AFTER_S = 60
RESEND_AFTER_AT_MOST_S = 3_600
#: What nobody took in this time is given up.
GIVE_UP_AFTER = timedelta(days=1)
#: The report of a job's run is asked for again after this, then after twice this, and so on.
REPORT_AGAIN_AFTER_S = 60
#: How long a report may come after its verdict. A worker lost in between is replaced, and its successor uploads it.
REPORT_GRACE_S = 900

#: Sweep comes that often.
_EVERY_S = 60
_NOBODY_TOOK_IT = "No worker took this test for a day. Run it again."
_TOO_LATE = "The job's time was over before this test had ended. Raise its runTimeoutSeconds or its parallelism."


@dataclass(frozen=True)
class Mender:
    """Mends runs. Two at once do no harm."""

    runs: Runs
    tracking: Tracking
    live: LiveTable
    dispatch: Dispatch
    planner: Planner
    tracker: Tracker
    canceller: Canceller
    closer: Closer
    jobs: Queue[RunOrder]

    def mend(self, run: RunSummary, *, everything: bool, since: timedelta) -> Iterator[str]:
        """Mend a run whose events are not complete; give what was done.

        What is done ever less often is due if its time came `since` then, when a sweep last looked at every run. With
        `everything` no grace is given: for a start after which queues and live table may be empty.
        """
        if run.kind is RunKind.JOB and not run.status.is_terminal and run.planned_at is None:
            yield from self._mend_unplanned(run, everything=everything, since=since)
            return
        states = self.live.states(run.id)
        if run.status.is_terminal:
            if run.kind is RunKind.JOB:
                yield from self._mend_story_of_job(run, states, everything=everything, since=since)
            else:
                yield from self._mend_story(run, states, everything=everything)
            return
        for test in self.tracking.open_tests(run.id):
            yield from self._mend_test(run, test, states.get(test.id, TestState()), everything=everything)
        if run.planned_at and self.planner.advance(run.id):
            yield "advanced"

    def _mend_unplanned(self, run: RunSummary, *, everything: bool, since: timedelta) -> Iterator[str]:
        if run.in_line:
            waiting = self.tracking.next_in_line(run.job_id or "")
            if waiting and waiting.run_id == run.id:  # nobody told it, or the one before was deleted
                self.jobs.send(waiting)
                yield "planned_again"
        elif _too_old(run):
            self.tracking.give_up(run.id, at=datetime.now(UTC))
            self.closer.unsent_ended(run.id)
            yield "given_up"
        elif everything or _due(_seconds_since(run.created_at), first=UNSENT_GRACE_S, since=since):
            self.jobs.send(RunOrder(workspace_id=run.workspace_id, run_id=run.id))
            yield "planned_again"

    def _mend_story(self, run: RunSummary, states: Mapping[str, TestState], *, everything: bool) -> Iterator[str]:
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
            self.closer.end(run)
            yield "end_told"

    def _mend_story_of_job(
        self, run: RunSummary, states: Mapping[str, TestState], *, everything: bool, since: timedelta
    ) -> Iterator[str]:
        """The same for a job's run. Its report is a matter of the run, and made from what does not expire."""
        state = states.get(run.id, TestState())
        waited = _seconds_since(run.ended_at)
        if state.report_at:
            self.closer.tell_ends(run.id)
            self.tracker.reported(run.id, at=state.report_at)
            yield "report_noted"
        elif (state.lease and state.lease.report == "none") or (waited > REPORT_GRACE_S and not everything):
            self.closer.tell_ends(run.id)
            self.closer.end(run)
            yield "end_told"
        elif everything or _due(waited, first=REPORT_AGAIN_AFTER_S, since=since):
            self.closer.tell_ends(run.id)
            self.closer.settle(run.id)
            yield "settled_again"

    def _mend_test(self, run: RunSummary, test: RunTest, state: TestState, *, everything: bool) -> Iterator[str]:
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

    def _mend_unheld(self, run: RunSummary, test: RunTest, state: TestState, *, everything: bool) -> Iterator[str]:
        """Nobody runs the test, and nobody cancelled it."""
        attempts = state.lease.attempt if state.lease else 0
        lost = attempts > 0 or test.status is TestStatus.RUNNING
        if run.deadline_at and datetime.now(UTC) >= run.deadline_at:
            self._give_up(run, test, state, status=TestStatus.TIMED_OUT, reason=Reason.DEADLINE, message=_TOO_LATE)
            yield "timed_out"
        elif not lost and test.sent_at is None and run.planned_at and not _too_old(run):
            return  # it waits for its turn
        elif not everything and _seconds_idle(run, test, state) < _grace_s(run, test, lost=lost):
            return
        elif lost and max(attempts, test.losses + 1) >= MAX_ATTEMPTS:
            self._give_up(run, test, state)
            yield "worker_lost"
        elif not lost and _too_old(run):
            self._give_up(run, test, state, message=_NOBODY_TOOK_IT)
            yield "worker_lost"
        else:
            self._send_again(run, test, lost=lost)
            yield "sent_again"

    def _send_again(self, run: RunSummary, test: RunTest, *, lost: bool) -> None:
        self.live.append_once(run.id, key="queued", events=[run_event(run, at=now_ms())])
        for order in self.runs.orders(run.id, test_ids=[test.id]):
            self.dispatch.send(order, lost=lost)

    def _give_up(
        self,
        run: RunSummary,
        test: RunTest,
        state: TestState,
        *,
        status: TestStatus = TestStatus.ERROR,
        reason: Reason = Reason.WORKER_LOST,
        message: str | None = None,
    ) -> None:
        result = unfinished(state.lease, status=status, reason=reason, message=message)
        if self.live.put_result(run.id, test.id, result):
            self.tracker.ended(run.id, test.id, result)


def _too_old(run: RunSummary) -> bool:
    return datetime.now(UTC) - run.created_at > GIVE_UP_AFTER


def _grace_s(run: RunSummary, test: RunTest, *, lost: bool) -> float:
    """How long to wait for something to happen to the test by itself."""
    if lost:
        return LOST_GRACE_S
    if test.sent_at is None:
        return UNSENT_GRACE_S
    first = RESEND_IN_JOB_AFTER_S if run.kind is RunKind.JOB else RESEND_AFTER_S
    return min(first * 2.0 ** (test.deliveries - 1), RESEND_AFTER_AT_MOST_S)


def _seconds_idle(run: RunSummary, test: RunTest, state: TestState) -> float:
    """Tell for how long nothing has happened to the test."""
    lease_ended = state.lease.until if state.lease else 0
    return (now_ms() - max(lease_ended, to_ms(test.sent_at or run.created_at))) / 1000


def _due(elapsed: float, *, first: float, since: timedelta) -> bool:
    """Whether `first` seconds, twice, or four times as many and so on have passed since the last sweep that looked."""
    window = max(_EVERY_S, since.total_seconds())
    return elapsed >= first and first * 2 ** math.floor(math.log2(elapsed / first)) > elapsed - window


def _seconds_since(moment: datetime | None) -> float:
    return (datetime.now(UTC) - moment).total_seconds() if moment else 0.0
