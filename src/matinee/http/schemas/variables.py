"""Saved variables as the API takes and shows them."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from matinee.http.schemas.shape import Request, Shape
from matinee.model.variables import check_secret, check_variables


def _name(text: str) -> str:
    check_variables({text: ""})
    return text


def _value(text: str) -> str:
    check_variables({"IT": text})
    return text


VariableName = Annotated[str, AfterValidator(_name), Field(json_schema_extra={"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"})]


class VariableRequest(Request):
    """A variable's value."""

    secret: bool = Field(
        strict=True,
        default=False,
        description="Nobody sees it again, and no run shows it. It has 6 characters or more, and 8,192 bytes at the most.",
    )
    value: Annotated[str, AfterValidator(_value)] = Field(
        description="What the script reads as `process.env.NAME`.", repr=False, examples=["https://staging.example.com"]
    )

    @field_validator("value")
    @classmethod
    def _scrubbable(cls, value: str, told: ValidationInfo) -> str:
        if told.data.get("secret"):
            check_secret(value)
        return value


class Variable(Shape):
    """A saved variable."""

    name: str
    secret: bool
    value: str | None = Field(default=None, description="Never of a secret.")
    updated_at: datetime
    updated_by: str = Field(description="The name of the key, or the address of the member, that saved it.")


class VariableList(Shape):
    """Saved variables, by their names."""

    items: list[Variable]
