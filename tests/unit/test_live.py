import itertools
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from moto import mock_aws

from matinee.model.errors import LeaseLostError, LiveUnavailableError
from matinee.model.lease import Lease
from matinee.model.run import TestStatus
from matinee.model.work import Event, TestResult
from matinee.stores.live import LeaseItem, LiveTable, ReportItem, ResultItem, TestState, parse_record

RUN = "run-1"
TEST = "test-1"
RESULT = TestResult(status=TestStatus.PASSED, started_at=1_000, ended_at=2_000, duration_ms=1_000, report=True)


class OneCallAtATime:
    """A client whose calls do not overlap. moto checks a condition and writes in two steps; DynamoDB does it in one."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        def alone(**parameters: Any) -> Any:
            with self._lock:
                return call(**parameters)

        return alone if name in {"put_item", "update_item", "transact_write_items"} else call


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        made = boto3.client("dynamodb", region_name="eu-west-1")
        made.create_table(
            TableName="live",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield OneCallAtATime(made)


@pytest.fixture
def new_live(client: Any) -> Callable[[], LiveTable]:
    """Make a LiveTable as another process would have it: on the same table, remembering nothing."""
    return lambda: LiveTable(client, table="live")


@pytest.fixture
def live(new_live: Callable[[], LiveTable]) -> LiveTable:
    return new_live()


@pytest.fixture
def item(client: Any) -> Callable[[str], Any]:
    def get(sort_key: str) -> Any:
        return client.get_item(TableName="live", Key={"pk": {"S": RUN}, "sk": {"S": sort_key}}).get("Item")

    return get


def say(*texts: str) -> list[Event]:
    return [Event(type="console", at=5, data={"text": text}) for text in texts]


def texts(events: list[tuple[int, Event]]) -> list[str]:
    return [event.data["text"] for _, event in events]


# the log


def test_a_log_is_numbered_from_one_without_holes(live: LiveTable) -> None:
    assert 2 == live.append(RUN, say("a", "b"))
    assert 3 == live.append(RUN, say("c"))
    assert [(1, *say("a")), (2, *say("b")), (3, *say("c"))] == live.read(RUN, after=0)


def test_a_log_is_read_from_any_number_on_also_from_within_a_batch(
    live: LiveTable, new_live: Callable[[], LiveTable]
) -> None:
    live.append(RUN, say(*"abc"))
    live.append(RUN, say(*"de"))

    for reader in (live, new_live()):
        assert ["abcde"[after:] for after in range(7)] == ["".join(texts(reader.read(RUN, after=n))) for n in range(7)]


def test_a_reader_gets_at_most_what_it_asked_for(live: LiveTable) -> None:
    live.append(RUN, say(*"abc"))
    live.append(RUN, say(*"de"))

    assert ["a", "b"] == texts(live.read(RUN, after=0, limit=2))
    assert ["c", "d"] == texts(live.read(RUN, after=2, limit=2))


def test_an_unknown_run_has_no_events(live: LiveTable) -> None:
    assert [] == live.read(RUN, after=0)
    assert [] == live.read(RUN, after=7)


def test_a_reader_stops_before_a_gap(live: LiveTable, client: Any) -> None:
    """A query may miss a batch and yet meet the next one; what comes behind the gap waits for the next read."""
    for text in "abc":
        live.append(RUN, say(text))
    client.delete_item(TableName="live", Key={"pk": {"S": RUN}, "sk": {"S": "event#0000000002"}})

    assert ["a"] == texts(live.read(RUN, after=0))


def test_what_a_reader_says_it_has_seen_makes_no_hole(live: LiveTable) -> None:
    """A number that no batch ends at, from a client for instance, is never taken for the log's end."""
    live.append(RUN, say("a", "b"))

    live.read(RUN, after=1)
    live.read(RUN, after=40)

    assert 3 == live.append(RUN, say("c"))


def test_a_writer_that_knows_nothing_appends_behind_the_others(new_live: Callable[[], LiveTable]) -> None:
    for text in "abcdef":
        new_live().append(RUN, say(text))

    assert list("abcdef") == texts(new_live().read(RUN, after=0))


def test_a_writer_that_knows_nothing_tries_twice_however_long_the_log_is(live: LiveTable, client: Any) -> None:
    """The first try tells it where the log ends."""
    for text in "abcdef":
        live.append(RUN, say(text))
    tries = []

    class Counting:
        def transact_write_items(self, **parameters: Any) -> Any:
            tries.append(parameters["TransactItems"][-1]["Put"]["Item"]["sk"]["S"])
            return client.transact_write_items(**parameters)

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

    assert 7 == LiveTable(Counting(), table="live").append(RUN, say("g"))
    assert ["event#0000000001", "event#0000000007"] == tries


def test_a_log_whose_end_is_lost_goes_on_without_a_hole(
    live: LiveTable, new_live: Callable[[], LiveTable], client: Any
) -> None:
    """A writer then walks along the log."""
    for text in "abc":
        live.append(RUN, say(text))
    client.delete_item(TableName="live", Key={"pk": {"S": RUN}, "sk": {"S": "end"}})

    assert 4 == new_live().append(RUN, say("d"))
    assert 5 == live.append(RUN, say("e"))
    assert list("abcde") == texts(new_live().read(RUN, after=0))


def test_a_reader_that_follows_a_log_gets_all_of_it_however_far_it_is_behind(
    live: LiveTable, new_live: Callable[[], LiveTable]
) -> None:
    reader = new_live()
    live.append(RUN, say("0"))
    assert ["0"] == texts(reader.read(RUN, after=0))

    for n in range(1, 60):
        live.append(RUN, say(str(n)))

    assert [str(n) for n in range(1, 60)] == texts(reader.read(RUN, after=1))
    assert [] == reader.read(RUN, after=60)


def test_a_reader_that_follows_a_log_does_not_search(live: LiveTable, client: Any) -> None:
    """So following costs no more in a long log than in a short one."""
    searches = []

    class Counting:
        def query(self, **parameters: Any) -> Any:
            searches.append(parameters)
            return client.query(**parameters)

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

    reader = LiveTable(Counting(), table="live")
    live.append(RUN, say("a"))
    reader.read(RUN, after=0)
    live.append(RUN, say("b"))

    assert ["b"] == texts(reader.read(RUN, after=1))
    assert [] == reader.read(RUN, after=2)
    assert 1 == len(searches)


def test_eight_writers_at_once_lose_nothing_double_nothing_and_keep_their_order(
    new_live: Callable[[], LiveTable],
) -> None:
    def write(writer: int) -> list[int]:
        live = new_live()
        return [live.append(RUN, say(f"{writer}:{n}", f"{writer}:{n}+")) for n in range(15)]

    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(write, range(8)))

    events = list(all_events(new_live()))
    assert list(range(1, 241)) == [number for number, _ in events]
    for writer in range(8):
        said = [text for text in texts(events) if text.startswith(f"{writer}:")]
        assert [f"{writer}:{n}{plus}" for n in range(15) for plus in ("", "+")] == said
        assert [f"{writer}:{n}+" for n in range(15)] == [events[end - 1][1].data["text"] for end in ends[writer]]


def all_events(live: LiveTable) -> Iterator[tuple[int, Event]]:
    after = 0
    while page := live.read(RUN, after=after, limit=150):
        yield from page
        after = page[-1][0]


def test_threads_that_share_a_table_keep_the_log_dense_too(live: LiveTable) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: live.append(RUN, say(str(n))), range(40)))

    events = live.read(RUN, after=0)
    assert list(range(1, 41)) == [number for number, _ in events]
    assert {str(n) for n in range(40)} == set(texts(events))


def test_many_events_are_split_into_batches_that_fit_an_item(live: LiveTable, item: Callable[[str], Any]) -> None:
    assert 1_000 == live.append(RUN, say(*map(str, range(1_000))))

    assert [400, 400, 200] == [len(item(f"event#{first:010}")["events"]["L"]) for first in (1, 401, 801)]
    assert [str(n) for n in range(1_000)] == texts(list(all_events(live)))


def test_large_events_are_split_into_batches_that_fit_an_item(live: LiveTable) -> None:
    large = [letter * 90_000 for letter in "abcdefg"]

    live.append(RUN, say(*large))

    assert large == texts(list(all_events(live)))


def test_an_oversized_event_keeps_the_beginning_of_its_long_strings(live: LiveTable) -> None:
    live.append(RUN, [Event(type="test", at=5, data={"title": "x" * 20, "errors": ["é" * 400_000]})])

    ((_, event),) = live.read(RUN, after=0)
    assert "x" * 20 == event.data["title"]
    assert "é" * 10_000 + "… [390,000 more characters]" == event.data["errors"][0]


def test_half_a_surrogate_pair_survives(live: LiveTable) -> None:
    live.append(RUN, say("\ud800"))

    assert ["\ud800"] == texts(live.read(RUN, after=0))


def test_a_batch_whose_answer_was_lost_is_not_appended_again(client: Any) -> None:
    """The SDK repeats a request that got no answer; the second time, the batch finds itself there."""
    answers = itertools.count()

    class LostAnswer:
        def transact_write_items(self, **parameters: Any) -> Any:
            if next(answers) == 0:
                client.transact_write_items(**parameters)
            return client.transact_write_items(**parameters)

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

    live = LiveTable(LostAnswer(), table="live")

    assert 1 == live.append(RUN, say("a"))
    assert 2 == live.append(RUN, say("b"))
    assert ["a", "b"] == texts(live.read(RUN, after=0))


def test_what_is_said_once_is_said_once_under_a_race(new_live: Callable[[], LiveTable]) -> None:
    def race(_: int) -> bool:
        live = new_live()
        live.append(RUN, say("noise"))
        return live.append_once(RUN, key="verdict", events=say("passed"))

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(race, range(8)))

    assert [False] * 7 + [True] == sorted(said)
    assert ["noise"] * 8 + ["passed"] == sorted(texts(new_live().read(RUN, after=0)))


def test_different_things_are_each_said_once(live: LiveTable) -> None:
    assert live.append_once(RUN, key="running", events=say("running"))
    assert live.append_once(RUN, key="end", events=say("verdict", "end"))
    assert not live.append_once(RUN, key="running", events=say("running"))
    assert ["running", "verdict", "end"] == texts(live.read(RUN, after=0))


def test_everything_expires(live: LiveTable, client: Any) -> None:
    live.append_once(RUN, key="queued", events=say("queued"))
    live.claim(RUN, TEST, owner="w", now=1_000, lease_ms=1_000)
    live.put_result(RUN, TEST, RESULT)
    live.put_report(RUN, TEST, at=3_000)

    items = client.scan(TableName="live")["Items"]
    assert 6 == len([item for item in items if int(item["expires_at"]["N"]) > 1_700_000_000])


# leases


def test_the_first_claim_gets_the_test_and_the_second_is_told_who_has_it(live: LiveTable) -> None:
    mine = live.claim(RUN, TEST, owner="a", now=1_000, lease_ms=5_000)

    with pytest.raises(LeaseLostError) as refused:
        live.claim(RUN, TEST, owner="b", now=5_999, lease_ms=5_000)

    expected = Lease(owner="a", attempt=1, until=6_000, started_at=1_000, cancel=False, done=False, report=None)
    assert (expected, expected) == (mine, refused.value.lease)


def test_one_of_many_claims_at_once_succeeds(new_live: Callable[[], LiveTable]) -> None:
    def claim(worker: int) -> int | None:
        try:
            return new_live().claim(RUN, TEST, owner=f"w{worker}", now=1_000, lease_ms=5_000).attempt
        except LeaseLostError:
            return None

    with ThreadPoolExecutor(8) as pool:
        assert [1] == [attempt for attempt in pool.map(claim, range(8)) if attempt]


def test_an_expired_lease_can_be_claimed_and_the_start_stays_the_first_one(live: LiveTable) -> None:
    live.claim(RUN, TEST, owner="a", now=1_000, lease_ms=5_000)

    lease = live.claim(RUN, TEST, owner="b", now=6_000, lease_ms=5_000)

    assert ("b", 2, 11_000, 1_000) == (lease.owner, lease.attempt, lease.until, lease.started_at)


def test_a_claim_whose_answer_was_lost_is_still_ours(live: LiveTable) -> None:
    """The SDK repeats a request that got no answer; the second one finds the first one's lease."""
    first = live.claim(RUN, TEST, owner="a", now=1_000, lease_ms=5_000)

    assert first == live.claim(RUN, TEST, owner="a", now=1_000, lease_ms=5_000)


def test_a_released_lease_can_be_claimed_at_once(live: LiveTable) -> None:
    live.claim(RUN, TEST, owner="a", now=1_000, lease_ms=5_000)

    live.release(RUN, TEST, owner="a")

    assert 2 == live.claim(RUN, TEST, owner="b", now=1_001, lease_ms=5_000).attempt


def test_releasing_what_is_anothers_changes_nothing(live: LiveTable) -> None:
    lease = live.claim(RUN, TEST, owner="a", now=1_000, lease_ms=5_000)

    live.release(RUN, TEST, owner="b")

    assert {TEST: TestState(lease=lease)} == live.states(RUN)


def test_a_renewal_holds_the_lease_and_hears_of_a_cancellation(live: LiveTable) -> None:
    live.claim(RUN, TEST, owner="a", now=1_000, lease_ms=5_000)
    before = live.renew(RUN, TEST, owner="a", now=3_000, lease_ms=5_000)
    live.request_cancel(RUN, TEST)
    after = live.renew(RUN, TEST, owner="a", now=4_000, lease_ms=5_000)

    assert ((8_000, False), (9_000, True)) == ((before.until, before.cancel), (after.until, after.cancel))


def test_a_renewal_is_refused_once_another_has_the_lease(live: LiveTable) -> None:
    live.claim(RUN, TEST, owner="a", now=1_000, lease_ms=1_000)
    live.claim(RUN, TEST, owner="b", now=2_000, lease_ms=1_000)

    with pytest.raises(LeaseLostError) as refused:
        live.renew(RUN, TEST, owner="a", now=2_100, lease_ms=1_000)

    assert "b" == refused.value.lease.owner


def test_a_test_that_was_never_claimed_can_be_cancelled_and_then_not_be_claimed(live: LiveTable) -> None:
    asked = live.request_cancel(RUN, TEST)

    with pytest.raises(LeaseLostError) as refused:
        live.claim(RUN, TEST, owner="a", now=1_000, lease_ms=1_000)

    expected = Lease(owner=None, attempt=0, until=0, started_at=None, cancel=True, done=False, report=None)
    assert (expected, expected) == (asked, refused.value.lease)


# results


def test_a_result_is_written_once_and_ends_the_lease(live: LiveTable) -> None:
    live.claim(RUN, TEST, owner="a", now=1_000, lease_ms=1_000)

    assert live.put_result(RUN, TEST, RESULT)
    assert not live.put_result(RUN, TEST, RESULT.model_copy(update={"status": TestStatus.FAILED}))

    state = live.states(RUN)[TEST]
    assert RESULT == state.result
    assert state.lease is not None
    assert (True, "pending") == (state.lease.done, state.lease.report)


@pytest.mark.parametrize("now", [1_500, 9_000])
def test_a_test_with_a_result_can_neither_be_claimed_nor_renewed(live: LiveTable, now: int) -> None:
    live.claim(RUN, TEST, owner="a", now=1_000, lease_ms=1_000)
    live.put_result(RUN, TEST, RESULT.model_copy(update={"report": False}))

    for take in (live.claim, live.renew):
        with pytest.raises(LeaseLostError) as refused:
            take(RUN, TEST, owner="a", now=now, lease_ms=1_000)
        assert (True, "none") == (refused.value.lease.done, refused.value.lease.report)


def test_a_report_is_announced_once(live: LiveTable) -> None:
    live.put_result(RUN, TEST, RESULT)

    assert live.put_report(RUN, TEST, at=3_000)
    assert not live.put_report(RUN, TEST, at=4_000)

    state = live.states(RUN)[TEST]
    assert state.lease is not None
    assert (3_000, "ready") == (state.report_at, state.lease.report)


def test_states_tells_of_every_test_and_of_no_other_run(live: LiveTable) -> None:
    live.append_once(RUN, key="queued", events=say("queued"))
    for n in range(40):
        live.claim(RUN, f"t{n}", owner="a", now=1_000, lease_ms=1_000)
    live.claim("run-2", "other", owner="a", now=1_000, lease_ms=1_000)

    assert {f"t{n}" for n in range(40)} == set(live.states(RUN))


# the stream's records


def test_records_of_the_stream_are_parsed(live: LiveTable, item: Callable[[str], Any]) -> None:
    live.append_once(RUN, key="queued", events=say("queued"))
    lease = live.claim(RUN, TEST, owner="a", now=1_000, lease_ms=1_000)
    assert LeaseItem(RUN, TEST, lease) == parse_record(item(f"lease#{TEST}"))

    live.put_result(RUN, TEST, RESULT)
    live.put_report(RUN, TEST, at=3_000)
    assert ResultItem(RUN, TEST, RESULT) == parse_record(item(f"result#{TEST}"))
    assert ReportItem(RUN, TEST, 3_000) == parse_record(item(f"report#{TEST}"))
    assert [None, None] == [parse_record(item("event#0000000001")), parse_record(item("said#queued"))]


def test_data_is_stored_as_json(live: LiveTable, item: Callable[[str], Any]) -> None:
    """Numbers and nesting come back as they were: DynamoDB's own types would make decimals of them."""
    data = {"counts": {"total": 2}, "ratio": 0.5, "none": None}
    live.append(RUN, [Event(type="run", at=5, data=data)])

    assert data == json.loads(item("event#0000000001")["events"]["L"][0]["M"]["data"]["S"])


def test_a_table_that_does_not_answer_is_unavailable(client: Any) -> None:
    live = LiveTable(client, table="no-such-table")

    for call in (lambda: live.append(RUN, say("a")), lambda: live.read(RUN, after=0), lambda: live.states(RUN)):
        with pytest.raises(LiveUnavailableError):
            call()
