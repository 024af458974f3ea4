"""What all shapes have in common, and the kinds of text in them."""

import re
import unicodedata
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    TypeAdapter,
)
from pydantic.alias_generators import to_camel

from matinee.model.script import Language
from matinee.model.variables import check_variables

_HALVES = re.compile("[\ud800-\udfff]")
_URL = TypeAdapter(HttpUrl)
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]")


class Shape(BaseModel):
    """JSON of ours: camelCase outside, snake_case inside."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True, from_attributes=True, frozen=True
    )


class Request(Shape):
    """JSON that somebody sends: a field that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid")


def _text(text: str) -> str:
    """Take what Postgres has a place for."""
    if "\0" in text:
        raise ValueError("it has a NUL character")
    if _HALVES.search(text):
        raise ValueError("it has half of a surrogate pair")
    return text


def _line(text: str) -> str:
    """Take a line of text as people mean it: no control characters, no blanks around it."""
    if any(unicodedata.category(character) == "Cc" for character in _text(text)):
        raise ValueError("it must be one line, without control characters")
    if not text.strip():
        raise ValueError("it is blank")
    return text.strip()


def _id(text: str) -> str:
    """Take an id as we write it; what is none would be refused by Postgres, and not kindly."""
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("it is no id") from None


def _number(value: object) -> object:
    """Take a number for a number; Python takes `true` for 1, and pydantic "1"."""
    if isinstance(value, bool | str):
        raise ValueError("it must be a number")  # noqa: TRY004  pydantic asks for a ValueError
    return value


def _moment(value: object) -> object:
    """Take a time as people and `toISOString` write it: a number would count seconds, or milliseconds if it is large."""
    if isinstance(value, datetime) or (isinstance(value, str) and _DATED.match(value)):
        return value
    raise ValueError("it must be a time with its zone, such as 2027-03-28T09:00:00Z")


def _url(text: str) -> str:
    """Keep a URL as it was written: Playwright resolves paths against it by the same rules as a browser."""
    _URL.validate_python(text)
    return text


def _variables(variables: dict[str, str]) -> dict[str, str]:
    check_variables(variables)
    return variables


NUMBER = BeforeValidator(_number)  #: after its bounds, or the schema would not have them
Line = Annotated[str, AfterValidator(_line)]
Text = Annotated[str, AfterValidator(_text)]  #: may have several lines, or be empty
Id = Annotated[str, AfterValidator(_id), Field(json_schema_extra={"format": "uuid"})]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
Title = Annotated[Line, Field(min_length=1, max_length=200)]
Script = Annotated[
    str,
    Field(
        description="A Playwright test file, TypeScript or JavaScript; 1,000,000 bytes at most.",
        examples=["import { test, expect } from '@playwright/test';\n\ntest('home', async ({ page }) => { await page.goto('/'); });\n"],
    ),
]  # fmt: skip
GivenLanguage = Annotated[Language | None, Field(description="Found out by parsing if it is not given.")]
BaseUrl = Annotated[
    Annotated[str, Field(max_length=2_000), AfterValidator(_url)] | None,
    Field(description="Playwright's `use.baseURL`.", examples=["https://example.com"]),
]
Seconds = Annotated[int, Field(ge=1, le=840), NUMBER]  #: of one test
Retries = Annotated[int, Field(ge=0, le=10, description="Playwright's own retries of a failed test."), NUMBER]
Variables = Annotated[
    dict[str, str],
    AfterValidator(_variables),
    Field(description="What the script reads as `process.env.NAME`.", examples=[{"USER_NAME": "ada"}]),
]
