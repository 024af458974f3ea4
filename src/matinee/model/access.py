"""Who is asking, and what they may see."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The bearer of an API key, of a browser's session or of a run's ticket. Nothing outside `workspace_id` exists for it."""

    workspace_id: str
    key_id: str | None = None  #: of the API key, also of the one that a session is of; None for a ticket
    session: bool = False  #: a person in a browser, rather than a program
    run_id: str | None = None  #: set for a ticket: it may read this run's events, console and report, and no more
