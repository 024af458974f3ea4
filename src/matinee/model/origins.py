"""Which origin shows the reports, for whom Matinee is at which: never at its own, where their scripts could act for whoever is signed in."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True)
class Origins:
    """Pairs of origins: one of Matinee's own, and the other one at which it shows reports to those who come there."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, text: str) -> Self:
        """Read pairs: `https://app=https://reports`, with spaces between them. The first is for whoever comes by another name.

        Raises:
            ValueError: if it is something else, or reports are to be where Matinee is.
        """
        pairs = tuple(_pair(word) for word in text.split())
        return cls(pairs=pairs)

    @property
    def own(self) -> list[str]:
        """Where Matinee is."""
        return [own for own, _ in self.pairs]

    @property
    def of_reports(self) -> list[str]:
        """Where reports are."""
        return [reports for _, reports in self.pairs]

    def beside(self, host: str) -> str | None:
        """Give the origin of reports for who came to `host`, with its port; None if there is none at all."""
        named = [reports for own, reports in self.pairs if urlsplit(own).netloc == host]
        return next(iter([*named, *self.of_reports]), None)


def _pair(word: str) -> tuple[str, str]:
    own, _, reports = word.partition("=")
    if not _is_origin(own) or not _is_origin(reports):
        raise ValueError(f"{word!r} is no pair of origins, such as https://app.example=https://reports.example")
    if urlsplit(own).hostname == urlsplit(reports).hostname:
        raise ValueError(f"{word!r}: reports need another host name, for cookies do not heed ports")
    return own, reports


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return bool(parts.scheme in {"http", "https"} and parts.hostname and text == f"{parts.scheme}://{parts.netloc}")
