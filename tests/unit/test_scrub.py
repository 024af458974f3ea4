"""No form of a secret gets through, wherever it stands and however it was cut."""

import base64
import itertools
import json
import re
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from matinee.model.variables import MAX_SECRET_BYTES
from matinee.runner.scrub import NOTHING_TO_HIDE, Scrubber
from tests.writers import WRITERS

HUSH = "pa$$ w\"ord/ü+'<&>\\😀=?"
PEM = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSj/+AgEAAoIB\n-----END KEY-----"


def shows(data: bytes, text: str, least: int = 5) -> bool:
    """Whether so many characters of a text still stand together somewhere: a mask leaves less at its edges."""
    parts = (text[at : at + least] for at in range(len(text) - least + 1))
    return any(part.encode(errors="surrogatepass") in data for part in parts)


def decoded(data: bytes) -> bytes:
    """Whatever is base64 in it, in the clear, wherever that begins."""
    runs = re.findall(rb"[A-Za-z0-9+/_-]{4,}", unquote_to_bytes(re.sub(rb"\\s|\\\\n", b"", data)))
    return b" ".join(
        base64.b64decode(run[at:][: (len(run) - at) // 4 * 4], altchars=b"-_" if set(run) & set(b"-_") else None)
        for run in runs
        for at in range(4)
    )


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("secret", [HUSH, PEM, "hunter2", "tok_live_51HxQ9aZ", "a\\\\b\\n\nc\\"], ids=str)
def test_no_form_of_a_secret_gets_through(secret: str, writer: str) -> None:
    """And what stands before and after it is still there."""
    written = WRITERS[writer](secret)

    scrubbed = Scrubber([secret]).data(f"before {written} after".encode())

    assert b"***" in scrubbed
    assert not shows(decoded(scrubbed) if "base64" in writer else scrubbed, secret), scrubbed
    assert "base64" in writer or not shows(scrubbed, written.strip('\\"')), scrubbed
    assert scrubbed.startswith(b"before ")
    assert scrubbed.endswith(b" after")


@given(
    secret=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=6, max_size=40),
    writer=st.sampled_from(sorted(WRITERS)),
    around=st.tuples(st.text(max_size=8), st.text(max_size=8)),
)
def test_whatever_the_secret_is_made_of_it_is_not_there_any_more(
    secret: str, writer: str, around: tuple[str, str]
) -> None:
    assume(len(secret.strip()) >= 6)
    written = WRITERS[writer](secret)
    text = (around[0] + written + around[1]).encode(errors="replace")

    scrubbed = Scrubber([secret]).data(text)

    assert b"***" in scrubbed
    assert written.encode(errors="replace") not in scrubbed or "***" in written


@given(
    pieces=st.lists(
        st.sampled_from(["some words ", "line\n", HUSH, "\n", "pa$$ w", quote(HUSH, safe="")]), max_size=12
    ),
    cuts=st.lists(st.integers(0, 400), max_size=30),
)
def test_a_stream_says_what_the_whole_would_wherever_it_is_cut(pieces: list[str], cuts: list[int]) -> None:
    whole = "".join(pieces).encode()
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    scrubber = Scrubber([HUSH])
    stream = scrubber.stream()

    said = b"".join(stream.feed(whole[start:end]) for start, end in itertools.pairwise(places))

    assert scrubber.data(whole) == said + stream.end()


def test_whole_lines_are_not_kept_waiting() -> None:
    """Whoever watches sees each line at once; only what has not come to its end waits."""
    stream = Scrubber([HUSH]).stream()

    assert [b"one\ntwo\n", b"", b"three\n"] == [stream.feed(piece) for piece in (b"one\ntwo\n", b"thr", b"ee\n")]


def test_a_secret_of_several_lines_waits_for_all_of_them() -> None:
    scrubber = Scrubber([PEM])
    stream = scrubber.stream()
    lines = f"here:\n{PEM}\nthere\n".encode().splitlines(keepends=True)

    said = b"".join([*(stream.feed(line) for line in lines), stream.end()])

    assert b"here:\n***\nthere\n" == said


@pytest.mark.parametrize("cut", ["…", "...", "\\u2026"])
def test_the_beginning_of_a_secret_is_hidden_too_where_somebody_cut_it_off(cut: str) -> None:
    """Playwright shows the first 49 characters of what is typed."""
    secret = "sk-" + "0123456789abcdef" * 8

    scrubbed = Scrubber([secret]).data(f'Fill "{secret[:49]}{cut}" locator'.encode())

    assert f'Fill "***{cut}" locator'.encode() == scrubbed


def test_the_beginning_at_the_end_of_a_text_is_hidden() -> None:
    """Messages are cut after so many characters, without a word."""
    assert "xyz ***" == Scrubber([HUSH]).text(f"xyz {HUSH[:9]}")
    assert f"xyz {HUSH[:9]} more" == Scrubber([HUSH]).text(f"xyz {HUSH[:9]} more")


def test_documents_stay_documents() -> None:
    """Names of members too; numbers that are a secret, and no others."""
    scrubber = Scrubber([HUSH, "123456"])
    told = {HUSH: [f"a {HUSH} b", 123456, 1234567, 0.5, True, None, {"x": quote(HUSH)}]}

    assert {"***": ["a *** b", "***", 1234567, 0.5, True, None, {"x": "***"}]} == scrubber.document(told)


def test_several_secrets_do_not_get_in_each_others_way() -> None:
    """One may be the beginning of another, or overlap with it."""
    scrubber = Scrubber(["abcdef", "abcdef-ghijkl", "ghijkl-mnopqr"])

    assert b"*** *** ***" == scrubber.data(b"abcdef abcdef-ghijkl-mnopqr ghijkl-mnopqr")


def test_what_is_no_secret_stays_as_it_is() -> None:
    data = b"hunter, hunter3, aHVudGVy, %68%75"

    assert data is Scrubber(["hunter2"]).data(data)
    assert data is NOTHING_TO_HIDE.data(data)
    assert (False, True) == (bool(NOTHING_TO_HIDE), bool(Scrubber(["hunter2"])))


def test_the_longest_secret_is_found_in_much_text_in_little_time() -> None:
    """Ten long secrets in 5 MB; the suite's own time limit is the bound that this must not come near."""
    secrets = [f"{number}{'s3cr3t/+' * (MAX_SECRET_BYTES // 8)}"[:MAX_SECRET_BYTES] for number in range(10)]
    data = (json.dumps({"a": "b" * 100, "c": [1, 2, "\\u00e9/%20"]}) * 40_000).encode() + secrets[3].encode()

    assert Scrubber(secrets).data(data).endswith(b"***")
