"""The live table (DynamoDB): who runs what now, what happened so far, how it ended. Everything in it expires."""

import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from matinee.model.errors import LeaseLostError
from matinee.model.lease import Lease
from matinee.model.work import TestResult
from matinee.stores.live_edge import ConditionFailedError, LiveEdge
from matinee.stores.live_items import (
    LeaseItem,
    ReportItem,
    ResultItem,
    TestState,
    parse_record,
    read_lease,
)
from matinee.stores.live_log import Log

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["Lease", "LeaseItem", "LiveTable", "ReportItem", "ResultItem", "TestState", "parse_record"]


class LiveTable(Log):
    """The live table of all runs, safe for threads: their logs, leases and results.

    `states` and `forget` need Query; nothing else here reads. Every method raises LiveUnavailableError if DynamoDB does not answer.
    """

    def __init__(self, client: "DynamoDBClient", *, table: str, retention_days: int = 7) -> None:
        super().__init__(LiveEdge(client, table=table, retention_days=retention_days))

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
            {"until": _n(now + lease_ms)},
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
        item = self._edge.item(run_id, f"{kind}#{test_id}", by=by, **says)
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
        return {test_id: TestState(**known) for test_id, known in found.items()}

    def forget(self, run_id: str, *, but_leases: Collection[str] = ()) -> None:
        """Delete all that is known of the run, except the leases of the tests named."""
        keep = {f"lease#{test_id}" for test_id in but_leases}
        self._edge.delete([key for key in self._edge.keys(run_id) if key["sk"]["S"] not in keep])
        self.forget_end(run_id)


def _n(value: int) -> dict[str, str]:
    return {"N": str(value)}
