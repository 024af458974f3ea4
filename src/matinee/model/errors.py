"""One error root. A class's docstring is its message to people; `matinee.http.problems` maps each to a status."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matinee.model.lease import Lease


class MatineeError(Exception):
    """Matinee could not do what was asked."""

    retry_after: int | None = None  #: in so many seconds it may be asked again, if that is known

    def __init__(self, detail: str | None = None, **extra: Any) -> None:
        self.detail = detail or (self.__doc__ or "").strip()
        self.extra = extra  #: further members of the problem document, JSON values only
        super().__init__(self.detail)


class ScriptInvalidError(MatineeError):
    """The script cannot be run. `extra` has `line` and `column` (both from 1) where a parser found the fault."""


class NotFoundError(MatineeError):
    """There is no such thing in this workspace."""


class UnauthorizedError(MatineeError):
    """An API key is needed: send it as `Authorization: Bearer <key>`."""


class ForbiddenError(MatineeError):
    """A browser's session changes things only from Matinee's own pages (`Sec-Fetch-Site: same-origin`). Programs send an API key."""


class ConflictError(MatineeError):
    """That does not fit the present state of things."""


class InvalidRequestError(MatineeError):
    """The request is not one that Matinee understands."""


class InvalidFieldsError(MatineeError):
    """A field of the request has a value that cannot be taken."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        """Name the faults: fields, as they are called outside (`tests.3.id`), and what is wrong with each."""
        field, message = next(iter(faults.items()))
        errors = [{"in": "body", "field": name, "message": text} for name, text in faults.items()]
        super().__init__(f"{field}: {message}", errors=errors)


class PreconditionRequiredError(MatineeError):
    """Say which version you have seen: send its `ETag` as `If-Match`, so that nobody's change is lost."""


class PreconditionFailedError(MatineeError):
    """Somebody changed it since you read it. Read it again, and make your change to what it is now."""


class TooManyRequestsError(MatineeError):
    """That was too often. Try again later."""

    def __init__(self, detail: str | None = None, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class DatabaseUnavailableError(MatineeError):
    """The database does not answer. Nothing was lost; try again in a moment."""

    retry_after = 5


class LiveUnavailableError(MatineeError):
    """The live table, the queue or the artifacts store does not answer. Try again in a moment."""

    retry_after = 5


class VaultUnavailableError(MatineeError):
    """The key that variables are encrypted with does not answer. Try again in a moment."""

    retry_after = 5


class VaultKeyError(MatineeError):
    """The variables cannot be decrypted: they were encrypted with another key. Save each of them again."""


class IssuerUnavailableError(MatineeError):
    """The OpenID Connect issuer does not answer as it should. Try again in a moment; an API key signs you in meanwhile."""

    retry_after = 5


class LeaseLostError(MatineeError):
    """Another worker holds this test now, its cancellation was asked for, or its result is already known."""

    def __init__(self, *, lease: "Lease") -> None:
        self.lease = lease  #: what was found instead
        super().__init__()
