"""Text from tests, made fit for a terminal, and sentences of our own."""

import re
import sys

#: Everything that moves a terminal's cursor, colours it or speaks to it, and half surrogate pairs.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def safe(text: str) -> str:
    """Replace what a terminal would obey; line breaks and tabs stay."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def safe_line(text: str) -> str:
    """Make one line of it, too."""
    return " ".join(safe(text).split())


def seconds(duration_ms: float) -> str:
    """Write a duration for people: `850 ms`, `2.4 s`, `3 min 05 s`."""
    if duration_ms < 1_000:  # noqa: PLR2004 - ms in a second
        return f"{duration_ms:.0f} ms"
    whole, rest = divmod(duration_ms / 1_000, 60)
    return f"{whole:.0f} min {rest:02.0f} s" if whole else f"{rest:.1f} s"


def say(sentence: str) -> None:
    """Tell the person something that is no result."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
