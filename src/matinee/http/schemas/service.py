"""What the service says of itself, and of what went wrong."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from matinee.http.schemas.shape import Shape


class Check(Shape):
    """Whether one part answers."""

    status: Literal["ok", "warning", "failed"]
    detail: str | None = None


class Health(Shape):
    """What is up, and the versions."""

    status: Literal["ok", "degraded"]
    version: str
    playwright: str
    chromium: str
    checks: dict[Literal["database", "live", "artifacts", "queue", "schedules"], Check]


class Problem(BaseModel):
    """What went wrong (RFC 9457). Further members depend on `type`: `line` and `column` of a syntax error, say."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:matinee:problem:script-invalid"])
    title: str = Field(examples=["Script invalid"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["Line 3, column 9: Unexpected token"])
