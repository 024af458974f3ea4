"""Keeps the values of secrets out of what a run says and leaves."""

import json
from collections.abc import Iterable
from typing import Any

from matinee.runner.forms import forms_of

#: What stands in a secret's place, wherever it was: no syntax minds it.
MASK = b"***"
#: A stream keeps back as much as one secret may take, for its end may come with the next piece: each byte of it may be written with so many.
_MOST_PER_BYTE, _SOME = 12, 64


class Scrubber:
    """Knows the secrets of a run. Safe for threads."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted(set(secrets), key=len, reverse=True)
        self._forms = [form for secret in known for form in forms_of(secret)]
        self._numbers = {secret for secret in known if secret.isdecimal()}
        self._lines = not any("\n" in secret for secret in known)
        self._keeps_back = max((len(secret.encode()) for secret in known), default=0) * _MOST_PER_BYTE + _SOME

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self._forms)

    def data(self, data: bytes, *, ends: bool = True) -> bytes:
        """Give `data` without secrets; `ends`: nothing comes after it, so a secret that begins at its end has been cut off."""
        spans = self.spans(data, ends=ends)
        if not spans:
            return data
        made, at = bytearray(), 0
        for start, end in spans:
            if start >= at:
                made += data[at:start] + MASK
            at = max(at, end)
        return bytes(made + data[at:])

    def spans(self, data: bytes, *, ends: bool) -> list[tuple[int, int]]:
        """Give where secrets are."""
        return sorted(span for form in self._forms for span in form.spans(data, ends=ends))

    def finds(self, data: bytes) -> bool:
        """Whether there is a secret in it, or the beginning of one that was cut off."""
        return any(True for form in self._forms for _ in form.spans(data, ends=True))

    def text(self, text: str) -> str:
        """Give a text without secrets."""
        if not self._forms:
            return text
        raw = text.encode(errors="surrogatepass")
        scrubbed = self.data(raw)
        return text if scrubbed is raw else scrubbed.decode(errors="replace")

    def document(self, value: Any) -> Any:
        """Give what JSON stands for, without secrets: no text of it has one, and no number is one."""
        match value:
            case _ if not self._forms:
                return value
            case str():
                return self.text(value)
            case dict():
                return {self.text(name): self.document(member) for name, member in value.items()}
            case list():
                return [self.document(member) for member in value]
            case int() | float() if (
                not isinstance(value, bool) and self._numbers and json.dumps(value) in self._numbers
            ):
                return MASK.decode()
        return value

    def stream(self) -> "Stream":
        """Begin to scrub what comes in pieces."""
        return Stream(self)

    def held(self, data: bytes) -> int:
        """Tell how much of what has come must wait for what comes next: no secret goes beyond a line, if none has several."""
        since_line = len(data) - 1 - data.rfind(b"\n") if self._lines else len(data)
        return min(since_line, self._keeps_back) if self._forms else 0


#: Of a run without secrets.
NOTHING_TO_HIDE = Scrubber()


class Stream:
    """Scrubs what comes in pieces, wherever it was cut."""

    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber
        self._waiting = b""

    def feed(self, piece: bytes) -> bytes:
        """Take a piece; give what nothing that comes can make a secret of."""
        data = self._waiting + piece
        cut = len(data) - self._scrubber.held(data)
        for start, end in self._scrubber.spans(data, ends=False):
            if start < cut < end:  # what comes next may make more of it
                cut = start
        self._waiting = data[cut:]
        return self._scrubber.data(data[:cut], ends=False)

    def end(self) -> bytes:
        """Give the rest: nothing comes any more."""
        rest, self._waiting = self._scrubber.data(self._waiting), b""
        return rest
