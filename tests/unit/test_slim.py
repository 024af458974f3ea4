"""Blobs that scripts wrote, and could have written otherwise."""

import base64
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matinee.model.run import TestStatus
from matinee.model.work import Case
from matinee.runner import slim
from matinee.runner.scrub import Scrubber
from matinee.runner.told import Told, agree, documents

NAME = "0123456789abcdef0123456789abcdef01234567.png"
PASSED = Told(title="shop", status=TestStatus.PASSED, started_at=1_000, duration_ms=5)

Blob = Callable[..., Path]


def told(status: TestStatus, message: str | None = "why", **more: Any) -> Told:
    return Told(title="shop", status=status, message=message, started_at=1_000, duration_ms=5, **more)


def events(*attachments: dict[str, Any], ended: bool = True) -> list[dict[str, Any]]:
    """What a runner says of one test, `buys`, that passed, or was cut short."""
    case = Case(title="buys", status=TestStatus.PASSED, duration_ms=5)
    made = documents(Told(title="shop", status=TestStatus.PASSED, started_at=1_000, duration_ms=5, cases=(case,)))
    begun, end = made[4]["params"], made[5]
    attached = {"testId": begun["testId"], "resultId": begun["result"]["id"], "attachments": list(attachments)}
    made[5:6] = [{"method": "onAttach", "params": attached}, *([end] if ended else [])]
    return made


@pytest.fixture
def blob(tmp_path: Path) -> Blob:
    """Write a blob report to a file."""

    def write(*said: Any, **files: bytes) -> Path:
        with zipfile.ZipFile(tmp_path / "blob.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
            archive.writestr("report.jsonl", "\n".join(json.dumps(each) for each in said))
        return tmp_path / "blob.zip"

    return write


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "resources"
    folder.mkdir()
    return folder


def read(report: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in report.splitlines()]


def attachments(report: bytes) -> list[dict[str, Any]]:
    return [each for event in read(report) if event["method"] == "onAttach" for each in event["params"]["attachments"]]


def results(said: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """The title, status and messages of each test, as they ended."""
    suites = said[2]["params"]["project"]["suites"]
    titles = {entry["testId"]: entry["title"] for suite in suites for entry in suite["entries"]}
    ends = [event["params"] for event in said if event["method"] == "onTestEnd"]
    return [
        (titles[end["test"]["testId"]], end["result"]["status"], [each["message"] for each in end["result"]["errors"]])
        for end in ends
    ]


def status(said: list[dict[str, Any]]) -> str:
    return str(said[-1]["params"]["result"]["status"])


# resources


def test_a_resource_is_put_aside_under_its_name(blob: Blob, into: Path) -> None:
    path = blob(*events({"name": "shot", "path": f"resources/{NAME}"}), **{f"resources/{NAME}": b"pixels"})

    report = slim.split(path, PASSED, into=into)

    assert {NAME: b"pixels"} == {file.name: file.read_bytes() for file in into.iterdir()}
    assert [{"name": "shot", "path": f"resources/{NAME}"}] == attachments(report)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "resources/../x.png", f"resources/x/{NAME}", "resources/short.png", f"{NAME}"],
)
def test_a_resource_of_another_name_is_left_where_it_is(blob: Blob, into: Path, tmp_path: Path, name: str) -> None:
    """Nothing is written but plain names into the one folder, and the attachment says that it is not there."""
    report = slim.split(blob(*events({"name": "a", "path": name}), **{name: b"evil"}), PASSED, into=into)

    (attached,) = attachments(report)
    assert ("path" not in attached, "text/plain") == (True, attached["contentType"])
    assert {"blob.zip", "resources"} == {path.name for path in tmp_path.iterdir()}
    assert [] == list(into.iterdir())


def test_what_nothing_refers_to_is_not_kept(blob: Blob, into: Path) -> None:
    slim.split(blob(*events(), **{f"resources/{NAME}": b"pixels"}), PASSED, into=into)

    assert [] == list(into.iterdir())


def test_more_than_can_be_kept_is_left_out(blob: Blob, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones stay, and so does the report."""
    monkeypatch.setattr(slim, "MOST_RESOURCE_BYTES", 1_500)
    names = [f"{number:040}.zip" for number in range(3)]
    attached = [{"name": "trace", "path": f"resources/{name}"} for name in names]
    path = blob(*events(*attached), **{f"resources/{name}": bytes(1_000) for name in names})

    report = slim.split(path, PASSED, into=into)

    assert [True, False, False] == ["path" in each for each in attachments(report)]
    assert [names[0]] == [file.name for file in into.iterdir()]


def test_a_damaged_resource_costs_just_itself(blob: Blob, into: Path) -> None:
    path = blob(*events({"name": "shot", "path": f"resources/{NAME}"}), **{f"resources/{NAME}": os.urandom(5_000)})
    data = bytearray(path.read_bytes())
    data[2_000:2_010] = bytes(10)
    path.write_bytes(data)

    report = slim.split(path, PASSED, into=into)

    assert [("buys", "passed", [])] == results(read(report))
    assert ([], False) == (list(into.iterdir()), "path" in attachments(report)[0])


def test_a_large_body_becomes_a_file(blob: Blob, into: Path) -> None:
    """It would be carried through every merge; a small one stays where a report shows it."""
    large, small = b"x" * 200_000, b"y"
    bodies = [
        {"name": name, "contentType": "text/plain", "base64": base64.b64encode(body).decode()}
        for name, body in (("large", large), ("small", small))
    ]

    first, second = attachments(slim.split(blob(*events(*bodies)), PASSED, into=into))

    (file,) = into.iterdir()
    assert (f"resources/{file.name}", ".txt", large) == (first["path"], file.suffix, file.read_bytes())
    assert ("base64" in first, bodies[1]) == (False, second)


# events


def spoilt(change: Callable[[list[dict[str, Any]]], Any]) -> list[dict[str, Any]]:
    said = events()
    change(said)
    return said


@pytest.mark.parametrize(
    "said",
    [
        [],
        ["no object"],
        [{"method": "onBegin"}],
        events()[1:],
        events() * 2,
        [{**events()[0], "method": "onSomethingNew"}, *events()],
        spoilt(lambda said: said[4]["params"].update(testId="unknown")),
        spoilt(lambda said: said[5]["params"].update(resultId="unknown")),
        spoilt(lambda said: said.insert(5, {"method": "onStepEnd", "params": {"testId": "a", "resultId": "b", "step": {"id": "c"}}})),
        spoilt(lambda said: said[4].pop("params")),
        spoilt(lambda said: said[-1]["params"]["result"].update(duration=float("nan"))),
    ],
)  # fmt: skip
def test_what_is_no_blob_report_is_replaced_by_what_is_known(blob: Blob, into: Path, said: list[Any]) -> None:
    """One test's nonsense must not keep the others of its job from their report."""
    report = read(slim.split(blob(*said), told(TestStatus.ERROR), into=into))

    assert ([("shop", "failed", ["why"])], "failed") == (results(report), status(report))


def test_what_is_no_zip_or_not_there_is_replaced_too(into: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK\3\4 and so on")
    (tmp_path / "secret.zip").write_bytes(b"")
    (tmp_path / "link.zip").symlink_to(tmp_path / "secret.zip")
    os.mkfifo(tmp_path / "pipe.zip")

    for path in (None, *(tmp_path / f"{name}.zip" for name in ("broken", "missing", "link", "pipe"))):
        assert [("shop", "passed", [])] == results(read(slim.split(path, PASSED, into=into)))


def test_a_flood_of_events_is_not_unpacked(blob: Blob, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte of zip may hold a gigabyte of the same letter."""
    monkeypatch.setattr(slim, "MOST_EVENT_BYTES", 10_000)
    flood = {"method": "onStdIO", "params": {"type": "stdout", "data": "x" * 20_000, "isBase64": False}}

    assert [("shop", "passed", [])] == results(read(slim.split(blob(*events(), flood), PASSED, into=into)))


def test_a_link_is_not_followed_to_what_a_script_could_not_read(blob: Blob, into: Path, tmp_path: Path) -> None:
    path = blob(*events())
    (tmp_path / "link.zip").symlink_to(path)

    assert [("shop", "passed", [])] == results(read(slim.split(tmp_path / "link.zip", PASSED, into=into)))


# verdicts


@pytest.mark.parametrize(
    ("verdict", "ends", "whole"),
    [
        (told(TestStatus.TIMED_OUT), [("buys", "timedOut", ["why"])], "timedout"),
        (told(TestStatus.ERROR), [("buys", "failed", ["why"])], "failed"),
        (told(TestStatus.CANCELLED), [("buys", "interrupted", ["why"])], "interrupted"),
    ],
)
def test_a_test_that_was_cut_short_ends_as_the_verdict_says(verdict: Told, ends: list[Any], whole: str) -> None:
    """A killed runner tells of its begin only, which a report would show as skipped."""
    agreed = agree(events(ended=False), verdict)

    assert (ends, whole) == (results(agreed), status(agreed))


@pytest.mark.parametrize("verdict", [TestStatus.ERROR, TestStatus.FAILED, TestStatus.TIMED_OUT])
def test_a_verdict_that_no_test_bears_out_gets_one_that_does(verdict: TestStatus) -> None:
    """Say, an error outside of any test: whoever counts failures must find it."""
    agreed = agree(events(), told(verdict))

    assert [("buys", "passed", []), ("shop", "timedOut" if verdict is TestStatus.TIMED_OUT else "failed", ["why"])] == (
        results(agreed)
    )


def test_a_script_that_could_not_be_loaded_fails_with_its_own_lines() -> None:
    """Its runner told of no test at all, only of the error, which has the place."""
    frame = events()
    place = {"file": "/run/matinee/script.spec.ts", "line": 2, "column": 4}
    error = {"message": "\x1b[31mSyntaxError: no\x1b[39m", "snippet": "> 2 | x", "location": place}
    thrown = {**error, "stack": "SyntaxError: no\n    at main (/somewhere/of/ours.cjs:1:2)"}
    frame[1]["params"]["config"]["rootDir"] = "/run/matinee"
    said = [frame[0], frame[1], {"method": "onError", "params": {"error": thrown}}, {"method": "onBegin"}, frame[-1]]

    agreed = agree(said, told(TestStatus.ERROR, "SyntaxError: no"))

    assert [("shop", "failed", [error["message"]])] == results(agreed)
    assert "script.spec.ts" == agreed[2]["params"]["project"]["suites"][0]["location"]["file"]
    assert error == agreed[5]["params"]["result"]["errors"][0]


def test_what_is_made_up_shows_the_cases_that_were_heard_of() -> None:
    """And one for the test itself where they all look well, though it did not end so."""
    cases = (
        Case(title="a", status=TestStatus.PASSED, duration_ms=1),
        Case(title="b", status=TestStatus.SKIPPED, duration_ms=0),
    )

    made = documents(told(TestStatus.ERROR, cases=cases))

    assert [("a", "passed", []), ("b", "skipped", []), ("shop", "failed", ["why"])] == results(made)


@pytest.mark.parametrize("idle", [TestStatus.SKIPPED, TestStatus.CANCELLED])
def test_a_test_that_never_ran_says_why(idle: TestStatus) -> None:
    made = documents(told(idle))

    assert [{"type": idle.value, "description": "why"}] == made[2]["params"]["project"]["suites"][0]["entries"][0][
        "annotations"
    ]


# slim blobs


def test_a_slim_blob_is_unpacked_as_it_was_packed() -> None:
    report = slim.lines(events())

    unpacked = slim.unpack(slim.pack(report, file="script.spec.ts", source="// ü"))

    assert (report, True, "// ü".encode()) == (unpacked.report, unpacked.good, unpacked.source)


def test_what_is_no_slim_blob_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("report.jsonl", b"nonsense")

    for data in (b"", b"no zip", packed.getvalue()):
        with pytest.raises(ValueError, match="no slim blob"):
            slim.unpack(data)


# secrets

HUSH = "correct horse/battery"
SCRUBBER = Scrubber([HUSH])


def test_no_part_of_a_blob_has_a_secret(blob: Blob, into: Path) -> None:
    """Bodies and files, small and large, names, titles, annotations, errors; pictures stay, and what cannot be searched is a note."""
    body, large = base64.b64encode(HUSH.encode()), base64.b64encode(b"x" * 200_000 + HUSH.encode())
    said = events(
        {"name": HUSH, "base64": body.decode(), "contentType": "text/plain"},
        {"name": "large", "base64": large.decode(), "contentType": "text/plain"},
        {"name": "shot", "path": f"resources/{NAME}"},
        {"name": "zstd", "path": f"resources/{NAME[:-3]}zst", "contentType": "application/zstd"},
        {"name": "note", "path": f"resources/{NAME[:-3]}txt"},
        {"name": "pdf", "base64": base64.b64encode(b"%PDF-1.7").decode(), "contentType": "application/pdf"},
    )
    said[-2]["params"]["test"]["annotations"] = [{"type": HUSH, "description": f"of {HUSH}"}]
    path = blob(
        *said,
        **{
            f"resources/{NAME}": b"\x89PNG\r\n\x1a\npixels",
            f"resources/{NAME[:-3]}zst": b"(\xb5/\xfd" + b"0" * 10,
            f"resources/{NAME[:-3]}txt": HUSH.encode(),
        },
    )

    report = slim.split(path, PASSED, into=into, scrubber=SCRUBBER)

    found = {each["name"]: each for each in attachments(report)}
    assert not SCRUBBER.finds(report)
    assert not [file for file in into.iterdir() if SCRUBBER.finds(file.read_bytes())]
    assert b"***" == base64.b64decode(found["***"]["base64"])
    assert (into / Path(found["large"]["path"]).name).read_bytes().endswith(b"x***")
    assert {NAME, NAME[:-3] + "txt", Path(found["large"]["path"]).name} == {file.name for file in into.iterdir()}
    for name in ("zstd", "pdf"):
        assert {"name", "base64", "contentType"} == found[name].keys()
        assert base64.b64decode(found[name]["base64"]).startswith(b"It was withheld: this run has secrets")
    assert [("buys", "passed", [])] == results(read(report))


def test_what_a_test_printed_is_searched_across_its_pieces(blob: Blob, into: Path) -> None:
    """The report puts them together again. What it printed is all there, each stream and test for itself."""
    said = events()
    begun = said[4]["params"]

    def printed(kind: str, data: str | bytes, **of: str) -> dict[str, Any]:
        raw = isinstance(data, bytes)
        text = base64.b64encode(data).decode() if isinstance(data, bytes) else data
        return {"method": "onStdIO", "params": {"type": kind, "data": text, "isBase64": raw, **of}}

    of = {"testId": begun["testId"], "resultId": begun["result"]["id"]}
    said[5:5] = [
        printed("stdout", "one\nsay " + HUSH[:7], **of),
        printed("stderr", "err " + HUSH[:3], **of),
        printed("stdout", HUSH[7:9].encode(), **of),
        printed("stderr", HUSH[3:] + "\n", **of),
        printed("stdout", HUSH[9:], **of),
        printed("stdout", f"outside {HUSH}\n"),
    ]

    report = slim.split(blob(*said), PASSED, into=into, scrubber=SCRUBBER)

    heard: dict[tuple[str, bool], str] = {}
    for event in read(report):
        if event["method"] == "onStdIO":
            part = event["params"]
            key = part["type"], "testId" in part
            heard[key] = heard.get(key, "") + part["data"]
    assert {
        ("stdout", True): "one\nsay ***",
        ("stderr", True): "err ***\n",
        ("stdout", False): "outside ***\n",
    } == heard
