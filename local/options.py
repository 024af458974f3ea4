"""How a stack is to be, from arguments and the environment."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from local.errors import StackError


def silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a stack is to be."""

    home: Path
    port: int = 8400  #: 0 takes a free one
    report_port: int = 0  #: where reports are shown; 0 takes a free one
    workers: int = 2  #: how many tests run at once, at most
    durable: bool = True  #: whether its state is wanted after a power failure
    database_url: str | None = field(default=None, repr=False)  #: instead of the embedded Postgres
    say: Callable[[str], None] = field(default=silent, repr=False)  #: gets a line when something was done

    @classmethod
    def from_environment(
        cls, *, home: Path | None = None, port: int | None = None, say: Callable[[str], None] = silent
    ) -> Self:
        """Read what is not given from MATINEE_HOME, MATINEE_PORT, MATINEE_REPORT_PORT, MATINEE_WORKERS and DATABASE_URL.

        Raises:
            StackError: if one of them makes no sense.
        """
        if os.environ.get("AWS_ENDPOINT_URL"):
            raise StackError(
                "AWS_ENDPOINT_URL is set, and this stack has its own AWS. `matinee deploy` deploys to that endpoint; without it, this starts."
            )
        if port is None:
            port = _number("MATINEE_PORT", 8400, least=0, most=65535)
        return cls(
            home=home or Path(os.environ.get("MATINEE_HOME") or ".matinee"),
            port=port,
            report_port=_number("MATINEE_REPORT_PORT", port + 1 if port else 0, least=0, most=65535),
            workers=_number("MATINEE_WORKERS", _workers(), least=1, most=64),
            database_url=os.environ.get("DATABASE_URL") or None,
            say=say,
        )


def _workers() -> int:
    """Let as many tests run at once as a job does by default, if there is memory for them: a GiB each."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(10, max(2, memory >> 30))


def _number(name: str, default: int, *, least: int, most: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise StackError(f"{name} is {text!r}; it must be a number from {least} to {most}.")
    return int(text)
