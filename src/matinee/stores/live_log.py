"""The log of a run in the live table: numbered events, appended by many writers at once."""

import uuid
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from matinee.model.work import Event
from matinee.stores.live_edge import LiveEdge
from matinee.stores.live_items import Item, batch_end, number, numbered_events, pack_batches

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

#: How many runs' log ends one process remembers. Forgetting one costs a request more, nothing else.
_REMEMBERED_RUNS = 1_000
#: A reader takes so many batches one by one; if there are still more, all at once.
_STEPS = 16
_END = "end"


class Log:
    """The logs of all runs, safe for threads. `read` needs GetItem and Query; `append` and `append_once` read nothing.

    A log is dense. A batch is put only at e + 1, where e is 0 or the end of a batch that was seen, and only if nothing is
    there; so every batch but the first stands right behind one that exists, and no two behind the same. Hence the batches
    form one chain from 1 on: no number is left out, none is given twice, and none comes late. The run's `end` item moves
    with each batch, in one transaction: it tells whoever was not the first where to try next.
    """

    def __init__(self, edge: LiveEdge) -> None:
        self._edge = edge
        self._ends: OrderedDict[str, int] = OrderedDict()
        self._ends_lock = Lock()

    def append(self, run_id: str, events: Sequence[Event]) -> int:
        """Append `events` to the run's log, in their order; give the number of the last one.

        After a LiveUnavailableError the first of the events may be in the log.
        """
        last = 0
        for batch in pack_batches(events):
            by = {"S": uuid.uuid4().hex}
            while not (last := self._put(run_id, batch, by)[0]):
                pass
        return last

    def append_once(self, run_id: str, *, key: str, events: Sequence[Event]) -> bool:
        """Append what may be said only once in the run's life, in one batch; False if `key` was said before."""
        (batch,) = pack_batches(events)
        by = {"S": uuid.uuid4().hex}
        said = self._edge.put_write(self._edge.item(run_id, f"said#{key}", by=by))
        while True:
            last, said_before = self._put(run_id, batch, by, said)
            if said_before is not None:
                return bool(said_before["by"] == by)
            if last:
                return True

    def said(self, run_id: str, *, kind: str) -> set[str]:
        """Give what of this kind was said once in the run's life: of each key `<kind>:<of>` the `of`."""
        lead = f"said#{kind}:"
        return {item["sk"]["S"].removeprefix(lead) for item in self._edge.query_all(run_id, lead, f"{lead}~")}

    def read(self, run_id: str, *, after: int, limit: int = 500) -> list[tuple[int, Event]]:
        """Read the events numbered above `after`, in order, at most `limit` of them; strongly consistent.

        It stops before the first gap: a query is no snapshot, so it may miss a batch and yet meet the next one. An
        empty answer means that there is no more now, or that the log has expired.
        """
        events: list[tuple[int, Event]] = []
        last = after
        for batch in self._batches(run_id, after, limit):
            if int(batch["first"]["N"]) > last + 1:
                break
            self._learn(run_id, batch_end(batch))
            events += [numbered for numbered in numbered_events(batch) if numbered[0] > last]
            last = max(last, batch_end(batch))
        return events[:limit]

    def forget_end(self, run_id: str) -> None:
        """Forget where the run's log ends: it is no more."""
        with self._ends_lock:
            self._ends.pop(run_id, None)

    def _batches(self, run_id: str, after: int, limit: int) -> Sequence[Item]:
        """Read the batch that `after` lies in, if it may have more, and what follows."""
        if after == self._end(run_id) > 0:  # whoever follows a log finds a batch or none: no need to search
            found: list[Item] = []
            end = after
            while batch := self._edge.get(run_id, _event_key(end + 1)):
                found.append(batch)
                end = batch_end(batch)
                if len(found) == _STEPS or end - after >= limit:
                    return [*found, *self._query(run_id, end, limit)]
            return found
        batches = self._query(run_id, after, limit)
        if after == 0 or (batches and number(batches[0], "first") == after + 1):
            return batches
        return self._edge.query(run_id, "event#", _event_key(after), Limit=1, ScanIndexForward=False) + batches

    def _query(self, run_id: str, after: int, limit: int) -> list[Item]:
        return self._edge.query(run_id, _event_key(after + 1), _event_key(10**10 - 1), Limit=limit)

    def _put(
        self, run_id: str, batch: Sequence[Any], by: dict[str, str], *also: "TransactWriteItemTypeDef"
    ) -> tuple[int, Item | None]:
        """Try to put `batch` where the log seems to end, and do what else is to be done with it.

        Gives the number of the last event if it is in the log, and else 0; and what stood in the way of the first of `also`.
        """
        end = self._end(run_id)
        item = self._edge.item(run_id, _event_key(end + 1), first={"N": str(end + 1)}, events={"L": batch}, by=by)
        moved = self._edge.update_write(
            run_id,
            _END,
            {"end": {"N": str(batch_end(item))}},
            condition="attribute_not_exists(#end) OR #end = :end",
            values={":end": {"N": str(end)}},
        )
        *others, ended, taken = self._edge.transact(*also, moved, self._edge.put_write(item))
        if not any(found is not None for found in (*others, ended, taken)):
            self._learn(run_id, batch_end(item))
            return batch_end(item), None
        self._learn(run_id, max(number(ended or {}, "end") or 0, batch_end(taken) if taken else 0))
        ours = taken is not None and taken["by"] == by  # put by a request whose answer was lost
        return batch_end(item) if ours else 0, others[0] if others else None

    def _learn(self, run_id: str, end: int) -> None:
        """Remember that a batch of the run's log ends at `end`."""
        with self._ends_lock:
            self._ends[run_id] = max(end, self._ends.pop(run_id, 0))
            if len(self._ends) > _REMEMBERED_RUNS:
                self._ends.popitem(last=False)

    def _end(self, run_id: str) -> int:
        with self._ends_lock:
            return self._ends.get(run_id, 0)


def _event_key(at: int) -> str:
    return f"event#{at:010}"
