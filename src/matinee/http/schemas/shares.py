"""What is said over HTTP about shares of runs."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from matinee.http.schemas.shape import NUMBER, Request, Shape, Title


class ShareRequest(Request):
    """A share to make."""

    name: Title = Field(description="Whom it is for.", examples=["The shop's designers"])
    expires_in_days: Annotated[int, Field(ge=1, le=90), NUMBER] = 7


class Share(Shape):
    """A share of a run, good or not any more."""

    id: str
    name: str
    prefix: str = Field(description="How its token begins, to recognise it by.", examples=["sh_Zk3vQ9a"])
    created_by: str = Field(description="Whose key it was, or which member.")
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class NewShare(Share):
    """A share that was just made."""

    path: str = Field(
        description="The path that whoever it is for opens in a browser. It is shown only now.", repr=False
    )


class ShareList(Shape):
    """A run's shares, newest first, the expired and the revoked ones among them."""

    items: list[Share]
