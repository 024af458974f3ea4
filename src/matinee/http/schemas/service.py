"""What the service says of itself, and of what went wrong."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from matinee.http.schemas.shape import Shape


class Check(Shape):
    """Whether one part answers."""

    status: Literal["ok", "warning", "failed"]
    detail: str | None = None


class Sandbox(Shape):
    """What keeps scripts from the machine that runs them, as the last worker said that began within a week; without one only `detail`."""

    status: Literal["ok", "warning"]
    detail: str | None = None
    kind: Literal["bubblewrap", "uid", "none"] | None = None
    own_uid: bool | None = Field(default=None, description="Whether scripts are another user than what runs them.")
    hardened: bool | None = Field(default=None, description="Whether the kernel is narrowed to what tests need.")
    egress: Literal["public", "open", "off"] | None = Field(
        default=None,
        description="Where scripts may connect to: no private network; all but Matinee's own; or nobody sees to it.",
    )


class Health(Shape):
    """What is up, and the versions."""

    status: Literal["ok", "degraded"]
    version: str
    playwright: str
    chromium: str
    checks: dict[Literal["database", "live", "artifacts", "queue", "schedules"], Check]
    sandbox: Sandbox


class Problem(BaseModel):
    """What went wrong (RFC 9457). Further members depend on `type`: `line` and `column` of a syntax error, say."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:matinee:problem:script-invalid"])
    title: str = Field(examples=["Script invalid"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["Line 3, column 9: Unexpected token"])
