"""Who may come in, and what they changed, as the API takes and shows it."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from matinee.http.schemas.shape import NUMBER, Id, Line, Request, Shape, Text, Title
from matinee.model.access import Role

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


class SessionMember(Shape):
    """The member that a session is of."""

    id: str
    email: str
    name: str | None = None


class Session(Shape):
    """A browser's session: of an API key, with which it ends at the latest, or of a member."""

    workspace: Workspace
    role: Role
    key: SessionKey | None = None
    member: SessionMember | None = None
    created_at: datetime
    expires_at: datetime


class SignInWays(Shape):
    """How one can sign in here, beside with an API key."""

    single_sign_on: str | None = Field(
        default=None, description="What people call the OpenID Connect issuer, if there is one."
    )


class SwitchRequest(Request):
    """Another workspace of the same person's."""

    workspace_id: Id


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
    role: Role = Field(default=Role.EDITOR, description="What its bearer may do.")
    expires_in_days: Annotated[int, Field(ge=1, le=3650), NUMBER] | None = Field(
        default=None, description="Without it the key does not expire."
    )


class ApiKey(Shape):
    """An API key, working or not."""

    id: str
    name: str
    role: Role
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


class WorkspaceRequest(Request):
    """A workspace's name."""

    name: Title


class WorkspaceDetails(Workspace):
    """A workspace."""

    created_at: datetime


class NewWorkspace(Shape):
    """A workspace that was just made."""

    workspace: WorkspaceDetails
    key: str = Field(description="A key of an owner's. It is shown only now.", repr=False)


class WorkspaceList(Shape):
    """Workspaces, by their names."""

    items: list[Workspace]


def _address(text: str) -> str:
    """Take what an address must have; whether somebody has it, only a letter to them could tell."""
    name, at, host = text.rpartition("@")
    if not at or not name or "." not in host or any(part == "" for part in host.split(".")) or " " in text:
        raise ValueError("it is no e-mail address")
    return text


class MemberRequest(Request):
    """Somebody who shall come in."""

    email: Annotated[Line, Field(max_length=254), AfterValidator(_address)] = Field(
        description="Their address, as the OpenID Connect issuer has verified it.", examples=["ada@example.com"]
    )
    role: Role = Role.EDITOR


class RoleRequest(Request):
    """What somebody may do from now on."""

    role: Role


class Member(Shape):
    """Somebody who may come in."""

    id: str
    email: str
    role: Role
    name: str | None = Field(default=None, description="As the issuer calls them, once they have been here.")
    created_at: datetime
    last_used_at: datetime | None = None
    current: bool = Field(description="Whether it is who asks.")


class MemberList(Shape):
    """The workspace's members, the newest first."""

    items: list[Member]


class AuditActor(Shape):
    """Who changed something."""

    kind: Literal["key", "member"]
    id: str
    name: str


class AuditEntry(Shape):
    """What somebody changed."""

    at: datetime
    actor: AuditActor
    action: str = Field(examples=["changed"])
    target_kind: str = Field(examples=["job"])
    target_id: str
    target_name: str | None = None
    details: dict[str, Any] = Field(description="Such as which fields `changed`; never what was in them.")


class AuditPage(Shape):
    """A page of the audit log, newest first."""

    items: list[AuditEntry]
    next_cursor: str | None = None
