"""The forms that a secret takes: as it is, in URLs, JSON, HTML, base64 and hexadecimal digits, at any depth of escaping.

A form is a sequence of units, one for each character: all ways to write that. The first few are looked for together, and the whole is
followed from there; so what cuts a long text off, as Playwright does with an ellipsis, hides no beginning of a secret.
"""

import base64
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from urllib.parse import quote, quote_plus

#: So many characters are looked for at once: a secret has no fewer.
_ANCHOR = 6
#: The lines of a longer text are secrets of their own from this length on: whoever shows it line by line shows these.
_LEAST_LINE = 12
_BASE64_BITS, _BYTE_BITS = 6, 8
_SHORT = {"\n": b"n", "\r": b"r", "\t": b"t", "\b": b"b", "\f": b"f"}
_CUT = re.compile(rb"\xe2\x80\xa6|\\+u2026|\.\.\.")
#: Base64 in lines, and such lines in JSON.
_BREAK = rb"(?:[\r\n]|\\+[rn])*"


#: Colours, with which Playwright marks what differs: they may stand between any two characters.
_COLOUR = rb"(?:\x1b|\\+u001[bB]|\\+x1[bB])\[[\d;]*m"
_COLOURS = b"(?:" + _COLOUR + b")*"
#: All ways to write one character.
Unit = tuple[bytes, ...]
_BACKSLASHES: Unit = (rb"(?:\\*" + _COLOUR + rb"|\\+(?:u005[cC])?|%(?:25)*5[cC]|&#92;|&#[xX]5[cC];)+",)


@dataclass(frozen=True)
class Form:
    """One way to write a secret."""

    anchor: re.Pattern[bytes]  #: its beginning
    units: tuple[tuple[re.Pattern[bytes], ...], ...]

    def spans(self, data: bytes, *, ends: bool) -> Iterator[tuple[int, int]]:
        """Give where it is; also where it only begins, before an ellipsis, or the end of `data` if nothing comes after it."""
        at = 0
        while found := self.anchor.search(data, at):
            end = self._end(data, found.start(), ends=ends)
            if end is not None:
                yield found.start(), end
            at = end or found.start() + 1

    def _end(self, data: bytes, start: int, *, ends: bool) -> int | None:
        """Follow the form from where it begins, on all ways at once: what one character may be written as, several may be."""
        reached = {start}
        for unit in self.units:
            following = {found.end() for at in reached for way in unit if (found := way.match(data, at))}
            if not following:
                return max((at for at in reached if (ends and at == len(data)) or _CUT.match(data, at)), default=None)
            reached = following
        return max(reached)


def forms_of(secret: str) -> list[Form]:
    """Give all forms of a secret."""
    lines = [line for line in secret.splitlines() if len(line) >= _LEAST_LINE and line != secret]
    spelled = [_form(_coloured(list(_units(text)))) for text in (secret, *lines)]
    encoded = [_form([_base64_unit(character) for character in core]) for core in sorted(_cores(secret))]
    return [*spelled, *encoded, _form([_hex_unit(byte) for byte in secret.encode()])]


def _form(units: list[Unit]) -> Form:
    anchor = b"".join(b"(?:" + b"|".join(unit) + b")" for unit in units[:_ANCHOR])
    return Form(re.compile(anchor), tuple(tuple(map(_compiled, unit)) for unit in units))


def _coloured(units: list[Unit]) -> list[Unit]:
    """Let colours stand after each unit but the last; before backslashes these have them, whose own they may look like."""
    following = [*units[1:], _BACKSLASHES]
    return [
        unit if after is _BACKSLASHES else tuple(way + _COLOURS for way in unit)
        for unit, after in zip(units, following, strict=True)
    ]


_compiled = cache(re.compile)


def _units(text: str) -> Iterator[Unit]:
    """Give the units of a text; several backslashes are one, for nobody knows how often they were doubled."""
    escaped = False
    for is_backslash, run in groupby(text, "\\".__eq__):
        if is_backslash:
            yield _BACKSLASHES
            escaped = True
            continue
        for character in run:
            yield _unit(character, escaped=escaped)
            escaped = False


@cache
def _unit(character: str, *, escaped: bool = False) -> Unit:
    """Give all ways to write a character. Each begins with a byte of its own, by which `re` finds it fast.

    `escaped`: after a backslash, whose unit may have taken those before this one's own escape.
    """
    raw = character.encode(errors="surrogatepass")
    slashes = rb"\\*" if escaped else rb"\\+"
    ways = [re.escape(raw), b"".join(rb"%(?:25)*" + _digits(f"{byte:02x}") for byte in raw)]
    ways.append(b"".join(slashes + b"u" + _digits(f"{unit:04x}") for unit in _utf16(character)))
    if len(raw) == 1 and not character.isalnum():
        ways += [b"\\\\+" + re.escape(raw), slashes + b"x" + _digits(f"{raw[0]:02x}")]
    if character in _SHORT:
        ways.append(slashes + _SHORT[character])
    if not character.isalnum() or len(raw) > 1:
        named = html.escape(character)
        numbers = rf"#0*{ord(character)};".encode(), b"#[xX]0*" + _digits(f"{ord(character):x}") + b";"
        names = {named[1:].encode()} if named != character else set()
        ways.append(b"&(?:amp;)*(?:" + b"|".join([*numbers, *names, *([b"apos;"] if character == "'" else [])]) + b")")
    if character == " ":
        ways.append(rb"\+")
    if character == "\n":  # a form's text, and that of a page, has both
        before = b"(?:" + b"|".join([rb"\r", slashes + b"r", rb"%(?:25)*0[dD]"]) + b")?"
        return tuple(before + way for way in ways)
    return tuple(ways)


def _cores(secret: str) -> set[str]:
    """Give what of a secret's base64 does not depend on what stands around it, for each place that it may begin at."""
    written = {secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret)}
    cores = set()
    for data in (text.encode() for text in written):
        for before in range(3):
            whole = base64.b64encode(b"\0" * before + data).decode()
            first = -(-before * _BYTE_BITS // _BASE64_BITS)
            cores.add(whole[first : (before + len(data)) * _BYTE_BITS // _BASE64_BITS])
    return cores


@cache
def _base64_unit(character: str) -> Unit:
    match character:
        case "+":
            way = rb"(?:[+\-]|%(?:25)*2[bB]|\\+u002[bB])"
        case "/":
            way = rb"(?:[/_]|%(?:25)*2[fF]|\\+u002[fF]|\\+/)"
        case _:
            way = character.encode()
    return (way + _BREAK,)


@cache
def _hex_unit(byte: int) -> Unit:
    return (_digits(f"{byte:02x}"),)


def _digits(digits: str) -> bytes:
    """Give hexadecimal digits, in capitals or not."""
    return b"".join(b"[%b%b]" % (d.encode(), d.upper().encode()) if d.isalpha() else d.encode() for d in digits)


def _utf16(character: str) -> list[int]:
    data = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
