"""Who is asking, and what they may see."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The bearer of an API key or of a run's ticket. Nothing outside `workspace_id` exists for it."""

    workspace_id: str
    key_id: str | None = None  #: of the API key; None for a ticket
    run_id: str | None = None  #: set for a ticket: it may read this run's events, console and report, and no more
