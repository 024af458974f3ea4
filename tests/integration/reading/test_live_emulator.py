"""The live table on the emulator, which checks a condition and writes in one step, as DynamoDB does."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from uuid_utils import uuid7

from matinee.model.work import Event
from matinee.stores.live import LiveTable


def new_live() -> LiveTable:
    return LiveTable(boto3.client("dynamodb"), table="live")


def say(text: str) -> Event:
    return Event(type="console", at=5, data={"text": text})


def texts(run_id: str) -> Iterator[tuple[int, str]]:
    live, after = new_live(), 0
    while page := live.read(run_id, after=after):
        yield from ((number, event.data["text"]) for number, event in page)
        after = page[-1][0]


def test_eight_writers_at_once_lose_nothing_double_nothing_and_keep_their_order() -> None:
    run_id = str(uuid7())
    lives = [new_live() for _ in range(8)]

    def write(writer: int) -> None:
        for n in range(50):
            lives[writer].append(run_id, [say(f"{writer}:{n}"), say(f"{writer}:{n}+")])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))

    log = list(texts(run_id))
    assert list(range(1, 801)) == [number for number, _ in log]
    for writer in range(8):
        expected = [f"{writer}:{n}{plus}" for n in range(50) for plus in ("", "+")]
        assert expected == [text for _, text in log if text.startswith(f"{writer}:")]


def test_what_is_said_once_is_said_once_under_a_race() -> None:
    run_id = str(uuid7())
    lives = [new_live() for _ in range(8)]

    def race(live: LiveTable) -> list[bool]:
        said = []
        for n in range(10):
            live.append(run_id, [say("noise")])
            said.append(live.append_once(run_id, key=f"k{n}", events=[say(f"once {n}")]))
        return said

    with ThreadPoolExecutor(8) as pool:
        outcomes: Any = list(zip(*pool.map(race, lives), strict=True))

    assert [1] * 10 == [sum(of_key) for of_key in outcomes]
    assert {"noise": 80, **{f"once {n}": 1 for n in range(10)}} == Counter(text for _, text in texts(run_id))
