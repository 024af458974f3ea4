"""Every error as `application/problem+json` (RFC 9457), from one table."""

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPMethod, HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from matinee.http.schemas import Problem
from matinee.model import errors

logger = logging.getLogger(__name__)

#: What each error is over HTTP: its status and the last part of its `type`.
TABLE: Mapping[type[errors.MatineeError], tuple[HTTPStatus, str]] = {
    errors.ScriptInvalidError: (HTTPStatus.UNPROCESSABLE_ENTITY, "script-invalid"),
    errors.NotFoundError: (HTTPStatus.NOT_FOUND, "not-found"),
    errors.UnauthorizedError: (HTTPStatus.UNAUTHORIZED, "unauthorized"),
    errors.ForbiddenError: (HTTPStatus.FORBIDDEN, "forbidden"),
    errors.ConflictError: (HTTPStatus.CONFLICT, "conflict"),
    errors.InvalidRequestError: (HTTPStatus.BAD_REQUEST, "invalid-request"),
    errors.InvalidFieldsError: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request"),
    errors.PreconditionRequiredError: (HTTPStatus.PRECONDITION_REQUIRED, "precondition-required"),
    errors.PreconditionFailedError: (HTTPStatus.PRECONDITION_FAILED, "precondition-failed"),
    errors.TooManyRequestsError: (HTTPStatus.TOO_MANY_REQUESTS, "too-many-requests"),
    errors.DatabaseUnavailableError: (HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"),
    errors.LiveUnavailableError: (HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"),
    errors.IssuerUnavailableError: (HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"),
    errors.VaultUnavailableError: (HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"),
    errors.VaultKeyError: (HTTPStatus.INTERNAL_SERVER_ERROR, "vault-key"),
    errors.LeaseLostError: (HTTPStatus.CONFLICT, "lease-lost"),
    errors.MatineeError: (HTTPStatus.INTERNAL_SERVER_ERROR, "internal"),
}

_HEADERS: Mapping[HTTPStatus, Mapping[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
}


def install(app: FastAPI) -> None:
    """Make `app` answer each error, its own and the framework's, with a problem document."""
    app.add_exception_handler(errors.MatineeError, _of_matinee)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(Exception, _of_anything)


def problem(status: HTTPStatus, *, name: str, detail: str, extra: Mapping[str, Any] | None = None) -> Response:
    """Write a problem document; `name` is the last part of its `type`, `extra` its further members."""
    body = {
        **(extra or {}),
        "type": f"urn:matinee:problem:{name}",
        "title": name.replace("-", " ").capitalize(),
        "status": status.value,
        "detail": detail,
    }
    return Response(
        json.dumps(body),  # ASCII: half a surrogate pair from a request cannot break the answer
        status_code=status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store", **_HEADERS.get(status, {})},
    )


def problem_of(error: errors.MatineeError) -> Response:
    """Give the answer for one of our own errors."""
    status, name = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    answer = problem(status, name=name, detail=error.detail, extra=error.extra)
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document a route's problems, for its `responses`."""
    return {status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses}


def _of_matinee(_request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.MatineeError)  # noqa: S101 - the type that it was registered for
    return problem_of(error)


def _of_validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the type that it was registered for
    faults = [_fault(each) for each in error.errors()]
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return problem(HTTPStatus.BAD_REQUEST, name="invalid-json", detail="The body is not JSON.")
    first = faults[0]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        name="invalid-request",
        detail=f"{first['field'] or 'The request'}: {first['message']}",
        extra={"errors": faults},
    )


def _fault(error: Mapping[str, Any]) -> dict[str, Any]:
    """Say what is wrong with which field; never its value, which may be a script or a secret."""
    place = [str(part) for part in error["loc"]]
    fault = {"in": place[0], "field": ".".join(place[1:]), "message": error["msg"].removeprefix("Value error, ")}
    more = error.get("ctx", {}) if error["type"] == "schedule" else {}
    return fault | {name: more[name] for name in ("position", "suggestion") if more.get(name)}


def _of_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the type that it was registered for
    status = HTTPStatus(error.status_code)
    answer = problem(status, name=status.phrase.lower().replace(" ", "-"), detail=_sentence(status, error.detail))
    answer.headers.update(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(_methods(request))
    return answer


def _methods(request: Request) -> list[str]:
    """Give what the path may be asked with. The router itself names only those of the first route that has this path."""
    asked = [{**request.scope, "method": method.value} for method in HTTPMethod]
    routes: Sequence[BaseRoute] = request.app.routes
    return [each["method"] for each in asked if any(route.matches(each)[0] is Match.FULL for route in routes)]


def _sentence(status: HTTPStatus, detail: str) -> str:
    """Prefer the status' own description to a detail that only repeats its name."""
    return f"{status.description or status.phrase}." if detail == status.phrase else detail


def _of_anything(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    detail = "Matinee failed, not your request. The time of it finds it in the logs."
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, name="internal", detail=detail)
