"""Who is asking, and what they may see and do."""

from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from functools import total_ordering
from typing import Literal


@total_ordering
class Role(StrEnum):
    """What somebody may do in a workspace. Each may what the one before may."""

    VIEWER = "viewer"  #: see everything but keys, members and the audit log; no value of a secret is ever seen
    EDITOR = "editor"  #: save, run, cancel and delete; let others see a run, or start a job, from outside
    OWNER = "owner"  #: say who may come in, and as what

    def __lt__(self, other: str) -> bool:
        """Compare by what they may do."""
        order = list(Role)
        return order.index(self) < order.index(Role(other))


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who changes something, as the audit log names them."""

    kind: Literal["key", "member", "trigger_key"]
    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The bearer of an API key, of a browser's session or of a run's ticket. Nothing outside `workspace_id` exists for it."""

    workspace_id: str
    role: Role
    actor: Actor | None = None  #: the key or member that it is, or whose session it is; None for a ticket
    session: bool = False  #: a person in a browser, rather than a program
    run_id: str | None = None  #: set for a ticket: it may read this run's events, console and report, and no more

    @property
    def key_id(self) -> str | None:
        """The API key that it comes with, itself or by a session of it."""
        return self.actor.id if self.actor and self.actor.kind == "key" else None


#: Who acts in this request. Whatever it changes is noted in the audit log as theirs, in the same transaction; what nobody does, such as a sweep, is not.
acting: ContextVar[Actor | None] = ContextVar("acting", default=None)
