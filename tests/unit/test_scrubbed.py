"""Files without secrets: scrubbed, whatever they are packed in, or withheld."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
from pathlib import Path

import pytest

from matinee.runner import scrubbed
from matinee.runner.scrub import Scrubber
from matinee.runner.scrubbed import WithheldError, scrub_content, scrub_file
from tests.writers import WRITERS

HUSH = "correct horse/battery"
SCRUBBER = Scrubber([HUSH, "123456"])
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(255, 0, -1)) * 4


def zipped(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return made.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.mark.parametrize("writer", WRITERS)
def test_each_member_of_a_trace_is_searched_for_every_form(writer: str) -> None:
    """JSON line by line, which stays JSON; texts and what nobody knows as bytes; pictures stay as they are."""
    written = WRITERS[writer](HUSH)
    line = json.dumps({"type": "before", "params": {"value": f"a {written} b"}})
    trace = zipped(trace__trace=f"{line}\n{{}}\n".encode(), it__html=f"<p>{written}</p>".encode(), it__png=PNG)

    found = unzipped(scrub_content(trace, SCRUBBER))

    assert ["trace.trace", "it.html", "it.png"] == list(found)
    assert PNG == found["it.png"]
    first, second = found["trace.trace"].splitlines()
    assert "***" in json.loads(first)["params"]["value"]
    assert b"{}" == second
    assert b"***" in found["it.html"]
    assert not [name for name, data in found.items() if SCRUBBER.finds(data)]


def test_what_is_packed_in_what_is_packed_is_searched() -> None:
    inner = zipped(a__txt=gzip.compress(f"say {HUSH}".encode()))

    found = unzipped(unzipped(scrub_content(zipped(b__zip=inner), SCRUBBER))["b.zip"])

    assert b"say ***" == gzip.decompress(found["a.txt"])


def test_names_of_members_are_searched() -> None:
    assert {"***.txt": b"x"} == unzipped(scrub_content(zipped(**{f"{HUSH}.txt": b"x"}), SCRUBBER))


def test_what_is_more_deeply_packed_than_anybody_does_is_not_kept() -> None:
    data = HUSH.encode()
    for _ in range(6):
        data = gzip.compress(data)

    with pytest.raises(WithheldError, match="too much is packed in it"):
        scrub_content(data, SCRUBBER)


@pytest.mark.parametrize("wide", ["utf-16-le", "utf-16-be"])
def test_wide_text_is_searched(wide: str) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}[wide]

    assert mark + "ä ***".encode(wide) == scrub_content(mark + f"ä {HUSH}".encode(wide), SCRUBBER)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"%PDF-1.7 ...", "not undone here"),
        (b"(\xb5/\xfd....", "not undone here"),
        (lzma.compress(HUSH.encode()), "not undone here"),
        (bz2.compress(HUSH.encode()), "not undone here"),
        (b"7z\xbc\xaf\x27\x1c", "not undone here"),
        (b"Rar!\x1a\x07", "not undone here"),
        (PNG + HUSH.encode(), "nothing can be taken out"),
        (b"\0\0\0\x20ftypisom" + HUSH.encode(), "nothing can be taken out"),
        (b"\0" * 257 + b"ustar" + HUSH.encode(), "nothing can be taken out"),
        (PNG + zipped(a__txt=HUSH.encode()), "an archive and something else"),
        (gzip.compress(HUSH.encode())[:-9], "broken"),
        (
            zipped(a__txt=HUSH.encode() * 9).replace(b"PK\x03\x04", b"PK\x03\x05"),
            "an archive and something else|broken",
        ),
    ],
    ids=["pdf", "zstd", "xz", "bz2", "7z", "rar", "png", "mp4", "tar", "png and zip", "cut gzip", "odd zip"],
)
def test_what_cannot_be_searched_is_withheld_and_says_why(data: bytes, why: str) -> None:
    with pytest.raises(WithheldError, match=why) as withheld:
        scrub_content(data, SCRUBBER)
    assert HUSH not in withheld.value.detail


def test_of_an_archive_only_the_member_is_withheld() -> None:
    found = unzipped(scrub_content(zipped(a__pdf=b"%PDF-1.7", b__txt=HUSH.encode()), SCRUBBER))

    assert found["a.pdf"].startswith(b"It was withheld: this run has secrets")
    assert b"***" == found["b.txt"]


def test_an_encrypted_archive_is_withheld() -> None:
    """Its bytes say so; nobody asks for a password."""
    data = bytearray(zipped(a__txt=b"x" * 50))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + at] |= 1

    with pytest.raises(WithheldError, match="broken"):
        scrub_content(bytes(data), SCRUBBER)


@pytest.mark.parametrize("bomb", [gzip.compress(b"0" * 3_000), zipped(a__txt=b"0" * 3_000)], ids=["gzip", "zip"])
def test_a_bomb_is_withheld_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch, bomb: bytes) -> None:
    monkeypatch.setattr(scrubbed, "MOST_BYTES", 2_000)

    with pytest.raises(WithheldError, match="too much is packed in it"):
        scrub_content(bomb, SCRUBBER)


def test_a_file_that_is_too_large_is_not_even_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scrubbed, "MOST_BYTES", 10)
    (tmp_path / "a").write_bytes(b"0" * 11)

    with pytest.raises(WithheldError, match="too large"):
        scrub_file(tmp_path / "a", SCRUBBER)


def test_a_file_is_written_anew_only_if_something_was_in_it(tmp_path: Path) -> None:
    clean, dirty = tmp_path / "clean", tmp_path / "dirty"
    clean.write_bytes(b"nothing")
    dirty.write_bytes(HUSH.encode())
    before = clean.stat().st_mtime_ns
    for path in (clean, dirty):
        scrub_file(path, SCRUBBER)

    assert (before, b"nothing", b"***") == (clean.stat().st_mtime_ns, clean.read_bytes(), dirty.read_bytes())


def test_json_stays_json_whatever_the_secret_looks_like() -> None:
    """A secret of digits is in the middle of many a number, and one with quotes looks like syntax."""
    scrubber = Scrubber(["123456", 'a","b":"'])
    data = b'{"time":1791234567,"pin":123456,"x":["a","b"],"a":"a","b":"b"}\n{"pin":"123456"}\n'

    first, second = scrub_content(data, scrubber).splitlines()

    assert {"time": 1791234567, "pin": "***", "x": ["a", "b"], "a": "a", "b": "b"} == json.loads(first)
    assert {"pin": "***"} == json.loads(second)
    assert {"a": ["***", 1]} == json.loads(scrub_content(b'{\n  "a": ["123456", 1]\n}', scrubber))
