"""Trigger keys, and what is sent with one, as the API takes and shows them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from matinee.http.schemas.shape import NUMBER, Request, Shape, Title, Variables


class TriggerKeyRequest(Request):
    """A trigger key to make."""

    name: Title = Field(description="Who or what has it.", examples=["Deployments of the shop"])
    expires_in_days: Annotated[int, Field(ge=1, le=366), NUMBER] = 90


class NewTriggerKey(Shape):
    """A trigger key that was just made."""

    id: str
    name: str
    prefix: str = Field(description="How the key begins, to recognise it by.", examples=["mtt_Zk3vQ9a"])
    key: str = Field(description="The key itself. It is shown only now.", repr=False)
    created_at: datetime
    expires_at: datetime


class TriggerKey(Shape):
    """A trigger key, living or not."""

    id: str
    name: str
    prefix: str = Field(description="How the key begins, to recognise it by.")
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class TriggerKeyList(Shape):
    """A job's trigger keys, newest first; of those that were revoked or have expired only the latest."""

    items: list[TriggerKey]


class TriggerRequest(Request):
    """What a run that is triggered from outside is given."""

    variables: Variables = Field(default_factory=dict)
