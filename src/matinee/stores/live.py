"""The live table (DynamoDB): who runs what now, what happened so far, how it ended. Everything in it expires."""

import uuid
from collections import OrderedDict
from collections.abc import Collection, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from matinee.model.errors import LeaseLostError
from matinee.model.lease import Lease
from matinee.model.work import Event, TestResult
from matinee.stores.live_edge import ConditionFailedError, LiveEdge
from matinee.stores.live_items import (
    LeaseItem,
    ReportItem,
    ResultItem,
    TestState,
    batch_end,
    number,
    numbered_events,
    pack_batches,
    parse_record,
    read_lease,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["Lease", "LeaseItem", "LiveTable", "ReportItem", "ResultItem", "TestState", "parse_record"]

#: How many runs' log ends one process remembers. Forgetting one costs a walk along its log, nothing else.
_REMEMBERED_RUNS = 1_000


class LiveTable:
    """The live table of all runs, safe for threads. `read`, `states` and `forget` need Query; nothing else reads.

    Every method raises LiveUnavailableError if DynamoDB does not answer.
    """

    def __init__(self, client: "DynamoDBClient", *, table: str, retention_days: int = 7) -> None:
        self._edge = LiveEdge(client, table=table, retention_days=retention_days)
        self._ends: OrderedDict[str, int] = OrderedDict()
        self._ends_lock = Lock()

    # the log

    def append(self, run_id: str, events: Sequence[Event]) -> int:
        """Append `events` to the run's log, in their order; give the number of the last one.

        The log is dense. A batch is put only at e + 1, where e is 0 or the end of a batch that was seen, and only if
        nothing is there; so every batch but the first stands right behind one that exists, and no two behind the same.
        Hence the batches form one chain from 1 on: no number is left out, none is given twice, and none comes late.

        After a LiveUnavailableError the first of the events may be in the log.
        """
        last = self._end(run_id)
        for batch in pack_batches(events):
            by = {"S": uuid.uuid4().hex}
            while True:
                item = self._batch_item(run_id, batch, by)
                taken = self._edge.put_if_free(item)
                last = batch_end(taken or item)
                self.learn(run_id, last)
                if taken is None or taken["by"] == by:  # ours: put by a request whose answer was lost
                    break
        return last

    def append_once(self, run_id: str, *, key: str, events: Sequence[Event]) -> bool:
        """Append what may be said only once in the run's life, in one batch; False if `key` was said before."""
        (batch,) = pack_batches(events)
        by = {"S": uuid.uuid4().hex}
        said = self._edge.item(run_id, f"said#{key}", by=by)
        while True:
            item = self._batch_item(run_id, batch, by)
            said_before, taken = self._edge.transact(self._edge.put_write(said), self._edge.put_write(item))
            if said_before is not None:
                return bool(said_before["by"] == by)
            self.learn(run_id, batch_end(taken or item))
            if taken is None:
                return True

    def read(self, run_id: str, *, after: int, limit: int = 500) -> list[tuple[int, Event]]:
        """Read the events numbered above `after`, in order, at most `limit` of them; strongly consistent.

        It stops before the first gap: a query is no snapshot, so it may miss a batch and yet meet the next one. An
        empty answer means that there is no more now, or that the log has expired.
        """
        batches = self._edge.query(run_id, _event_key(after + 1), _event_key(10**10 - 1), Limit=limit)
        behind_batch = after in {0, self._end(run_id)} or (batches and number(batches[0], "first") == after + 1)
        if not behind_batch:  # then the batch that `after` lies in may have more
            batches = self._edge.query(run_id, "event#", _event_key(after), Limit=1, ScanIndexForward=False) + batches
        events: list[tuple[int, Event]] = []
        last = after
        for batch in batches:
            if int(batch["first"]["N"]) > last + 1:
                break
            self.learn(run_id, batch_end(batch))
            events += [numbered for numbered in numbered_events(batch) if numbered[0] > last]
            last = max(last, batch_end(batch))
        return events[:limit]

    def learn(self, run_id: str, end: int) -> None:
        """Remember that a batch of the run's log ends at `end` (0: nothing known), so that no append walks there."""
        with self._ends_lock:
            self._ends[run_id] = max(end, self._ends.pop(run_id, 0))
            if len(self._ends) > _REMEMBERED_RUNS:
                self._ends.popitem(last=False)

    def _end(self, run_id: str) -> int:
        with self._ends_lock:
            return self._ends.get(run_id, 0)

    def _batch_item(self, run_id: str, batch: Sequence[Any], by: dict[str, str]) -> dict[str, Any]:
        first = self._end(run_id) + 1
        return self._edge.item(run_id, _event_key(first), first=_n(first), events={"L": batch}, by=by)

    # leases

    def claim(self, run_id: str, test_id: str, *, owner: str, now: int, lease_ms: int) -> Lease:
        """Take the test for `owner`, a name that is new with each claim; `now` is in ms since the epoch.

        Raises:
            LeaseLostError: if another holds it, its cancellation was asked for, or it is done; `lease` says which.
        """
        until = now + lease_ms
        try:
            return self._update_lease(
                run_id,
                test_id,
                {"owner": {"S": owner}, "until": _n(until)},
                also="#attempt = if_not_exists(#attempt, :zero) + :one, #started_at = if_not_exists(#started_at, :now)",
                condition="attribute_not_exists(#cancel) AND attribute_not_exists(#done)"
                " AND (attribute_not_exists(#owner) OR #until <= :now)",
                values={":zero": _n(0), ":one": _n(1), ":now": _n(now)},
            )
        except LeaseLostError as lost:
            held = lost.lease
            if (held.owner, held.until, held.cancel, held.done) == (owner, until, False, False):
                return held  # ours: claimed by a request whose answer was lost
            raise

    def renew(self, run_id: str, test_id: str, *, owner: str, now: int, lease_ms: int) -> Lease:
        """Hold the test for longer; the answer tells whether its cancellation was asked for.

        Raises:
            LeaseLostError: if it is another's now, or done; `lease` says which.
        """
        return self._update_lease(
            run_id,
            test_id,
            {"until": _n(now + lease_ms), "log_end": _n(self._end(run_id))},
            condition="#owner = :owner AND attribute_not_exists(#done)",
            values={":owner": {"S": owner}},
        )

    def release(self, run_id: str, test_id: str, *, owner: str) -> None:
        """Let the next one claim the test at once; nothing happens if it is not `owner`'s any more."""
        try:
            self.renew(run_id, test_id, owner=owner, now=0, lease_ms=0)
        except LeaseLostError:
            return

    def request_cancel(self, run_id: str, test_id: str) -> Lease:
        """Ask whoever runs the test to stop, and everybody else not to begin."""
        return self._update_lease(run_id, test_id, {"cancel": {"BOOL": True}})

    def _update_lease(self, run_id: str, test_id: str, sets: dict[str, Any], **expressions: Any) -> Lease:
        try:
            item = self._edge.update(run_id, f"lease#{test_id}", sets, **expressions)
        except ConditionFailedError as failed:
            raise LeaseLostError(lease=read_lease(failed.items[0] or {})) from failed
        self.learn(run_id, number(item, "log_end") or 0)
        return read_lease(item)

    # results

    def put_result(self, run_id: str, test_id: str, result: TestResult) -> bool:
        """Say how the test ended, and end its lease with it; False if it has a result already."""
        ends = {"done": {"BOOL": True}, "report": {"S": "pending" if result.report else "none"}}
        return self._put_once(run_id, "result", test_id, {"body": {"S": result.model_dump_json()}}, lease=ends)

    def put_report(self, run_id: str, test_id: str, *, at: int | None) -> bool:
        """Say that the test's report can be read since `at` (ms since the epoch), or, with None, that there will be none.

        False if either was said before.
        """
        says, state = ({}, "none") if at is None else ({"at": _n(at)}, "ready")
        return self._put_once(run_id, "report", test_id, says, lease={"report": {"S": state}})

    def _put_once(self, run_id: str, kind: str, test_id: str, says: dict[str, Any], *, lease: dict[str, Any]) -> bool:
        by = {"S": uuid.uuid4().hex}
        item = self._edge.item(run_id, f"{kind}#{test_id}", by=by, log_end=_n(self._end(run_id)), **says)
        there, _ = self._edge.transact(
            self._edge.put_write(item), self._edge.update_write(run_id, f"lease#{test_id}", lease)
        )
        return there is None or bool(there["by"] == by)

    def states(self, run_id: str) -> dict[str, TestState]:
        """Give what is known of each test of the run that was ever claimed, cancelled or ended, by its id."""
        found: dict[str, dict[str, Any]] = {}
        # `lease#`, `report#` and `result#` stand side by side: events sort before them, `said#` after
        for item in self._edge.query_all(run_id, "lease#", "result#~"):
            match parse_record(item):
                case LeaseItem(test_id=test_id, lease=lease):
                    found.setdefault(test_id, {})["lease"] = lease
                case ResultItem(test_id=test_id, result=result):
                    found.setdefault(test_id, {})["result"] = result
                case ReportItem(test_id=test_id, at=at):
                    found.setdefault(test_id, {})["report_at"] = at
            self.learn(run_id, number(item, "log_end") or 0)
        return {test_id: TestState(**known) for test_id, known in found.items()}

    def forget(self, run_id: str, *, but_leases: Collection[str] = ()) -> None:
        """Delete all that is known of the run, except the leases of the tests named."""
        keep = {f"lease#{test_id}" for test_id in but_leases}
        self._edge.delete([key for key in self._edge.keys(run_id) if key["sk"]["S"] not in keep])
        with self._ends_lock:
            self._ends.pop(run_id, None)


def _event_key(at: int) -> str:
    return f"event#{at:010}"


def _n(value: int) -> dict[str, str]:
    return {"N": str(value)}
