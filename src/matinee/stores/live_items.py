"""How the live table's items look: leases, results, reports, batches of events (docs/architecture.md §3)."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from matinee.model.lease import Lease, ReportState
from matinee.model.work import Event, TestResult

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

Item = Mapping[str, Any]  #: a DynamoDB item in its low-level form, `{"name": {"S": "value"}}`

#: A batch holds at most this many events and, unless a single event is larger, this many bytes of `data`: an item may
#: have 400 KB.
MAX_BATCH_EVENTS = 400
MAX_BATCH_BYTES = 200_000
#: More bytes of `data` than this has no event: its long strings are cut.
MAX_EVENT_BYTES = 100_000


@dataclass(frozen=True)
class TestState:
    """All that the live table knows of one test of a run, apart from its events."""

    __test__ = False

    lease: Lease | None = None
    result: TestResult | None = None
    report_at: int | None = None  #: ms since the epoch


@dataclass(frozen=True)
class LeaseItem:
    """A test was claimed, or its cancellation asked for, for the first time."""

    run_id: str
    test_id: str
    lease: Lease


@dataclass(frozen=True)
class ResultItem:
    """A test has its result."""

    run_id: str
    test_id: str
    result: TestResult


@dataclass(frozen=True)
class ReportItem:
    """A test's report can be read, or will never be."""

    run_id: str
    test_id: str
    at: int | None  #: ms since the epoch; None: there will be none


def parse_record(new_image: Item) -> LeaseItem | ResultItem | ReportItem | None:
    """Read the new image of a stream record; None if it is of another kind, an event's for instance."""
    run_id = new_image["pk"]["S"]
    kind, _, test_id = new_image["sk"]["S"].partition("#")
    match kind:
        case "lease":
            return LeaseItem(run_id, test_id, read_lease(new_image))
        case "result":
            return ResultItem(run_id, test_id, read_result(new_image))
        case "report":
            return ReportItem(run_id, test_id, number(new_image, "at"))
    return None


def read_lease(item: Item) -> Lease:
    """Read a `lease#` item, of which every attribute may be missing."""
    return Lease(
        owner=item["owner"]["S"] if "owner" in item else None,
        attempt=number(item, "attempt") or 0,
        until=number(item, "until") or 0,
        started_at=number(item, "started_at"),
        cancel="cancel" in item,
        done="done" in item,
        report=cast("ReportState", item["report"]["S"]) if "report" in item else None,
    )


def read_result(item: Item) -> TestResult:
    """Read the body of a `result#` item."""
    return TestResult.model_validate_json(item["body"]["S"])


def number(item: Item, name: str) -> int | None:
    """Read the whole number `name`, or None where the item has none."""
    return int(item[name]["N"]) if name in item else None


def batch_end(item: Item) -> int:
    """Give the number of the last event of an `event#` item."""
    return int(item["first"]["N"]) + len(item["events"]["L"]) - 1


def numbered_events(item: Item) -> Iterator[tuple[int, Event]]:
    """Give the events of an `event#` item with their numbers."""
    for at, packed in enumerate(item["events"]["L"], start=int(item["first"]["N"])):
        event = packed["M"]
        yield at, Event(type=event["type"]["S"], at=int(event["at"]["N"]), data=json.loads(event["data"]["S"]))


def pack_batches(events: Iterable[Event]) -> Iterator[Sequence["AttributeValueTypeDef"]]:
    """Pack events, in their order, into as few lists as fit an item each."""
    batch: list[AttributeValueTypeDef] = []
    size = 0
    for event in events:
        data = pack_data(event.data)
        if batch and (len(batch) == MAX_BATCH_EVENTS or size + len(data) > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append({"M": {"type": {"S": event.type}, "at": {"N": str(event.at)}, "data": {"S": data}}})
        size += len(data)
    if batch:
        yield batch


def pack_data(data: dict[str, Any]) -> str:
    """Write `data` as JSON of at most `MAX_EVENT_BYTES`, in ASCII: a script may print half a surrogate pair."""
    packed = json.dumps(data, separators=(",", ":"))
    for longest in (10_000, 1_000, 100):
        if len(packed) <= MAX_EVENT_BYTES:
            return packed
        packed = json.dumps(_cut(data, longest), separators=(",", ":"))
    if len(packed) <= MAX_EVENT_BYTES:
        return packed
    raise ValueError(f"an event has {len(packed):,} bytes of data that cannot be cut")


def _cut(value: Any, longest: int) -> Any:
    """Copy `value` with each string in it that has more than `longest` characters cut, and marked as cut."""
    match value:
        case str() if len(value) > longest:
            return f"{value[:longest]}… [{len(value) - longest:,} more characters]"
        case dict():
            return {name: _cut(member, longest) for name, member in value.items()}
        case list():
            return [_cut(member, longest) for member in value]
    return value
