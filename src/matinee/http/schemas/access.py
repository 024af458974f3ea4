"""Sessions and API keys as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from matinee.http.schemas.shape import Line, Request, Shape, Text

_Secret = Annotated[Text, Field(min_length=1, max_length=200)]


class SignInRequest(Request):
    """What somebody signs in with: one of both."""

    key: _Secret | None = Field(default=None, description="An API key.", examples=["mt_..."], repr=False)
    link: _Secret | None = Field(default=None, description="What stands behind the # of a sign-in link.", repr=False)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.key is None) == (self.link is None):
            raise ValueError("send either `key` or `link`")
        return self


class Workspace(Shape):
    """Where somebody works."""

    id: str
    name: str


class SessionKey(Shape):
    """The API key that a session is of."""

    id: str
    name: str
    prefix: str = Field(description="How the key begins, to recognise it by.", examples=["mt_Zk3vQ9a"])


class Session(Shape):
    """A browser's session. It ends with its key, at the latest."""

    workspace: Workspace
    key: SessionKey
    created_at: datetime
    expires_at: datetime


class SignInLink(Shape):
    """A way to one session more of the same key."""

    path: str = Field(
        description="To be opened in a browser, once. What stands behind the # is sent to no server by the browser itself.",
        examples=["/sign-in#ml_..."],
    )
    expires_at: datetime


class ApiKeyRequest(Request):
    """An API key to make."""

    name: Annotated[Line, Field(min_length=1, max_length=100)] = Field(
        description="Who or what has it.", examples=["CI of the shop"]
    )
    expires_in_days: int | None = Field(default=None, ge=1, le=3650, description="Without it the key does not expire.")


class ApiKey(Shape):
    """An API key, working or not."""

    id: str
    name: str
    prefix: str = Field(description="How the key begins, to recognise it by.", examples=["mt_Zk3vQ9a"])
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    current: bool = Field(
        description="Whether it is the one that this request came with, or whose session it came with."
    )


class NewApiKey(ApiKey):
    """An API key that was just made."""

    key: str = Field(description="The key itself. It is shown only now.", repr=False)


class ApiKeyList(Shape):
    """The workspace's API keys, newest first; of those that were revoked or have expired, the ones of the last 30 days."""

    items: list[ApiKey]
