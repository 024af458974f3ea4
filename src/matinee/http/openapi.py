"""What OpenAPI is told beside what FastAPI finds out by itself."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from matinee.http.auth import Needs

#: What comes with a session and changes something may be refused for the page that sends it.
_CHANGING = {"post", "put", "patch", "delete"}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_FORBIDDEN = {"description": "Forbidden", "content": _PROBLEM}
_TOO_MANY = {"description": "Too Many Requests", "content": _PROBLEM}


class Api(FastAPI):
    """An app whose OpenAPI says that problems are `application/problem+json`, and has none of FastAPI's own errors.

    Each operation says in `x-role` who may use it: at least a `viewer`, `editor` or `owner`, or `anyone`. Each that some may not use, or that a
    session may change something with, has its 403; each that takes a key, its 429.

    A path with a slash too many is not found: FastAPI would send whoever asks to the address that they name themselves, in `Host`.
    """

    def __init__(self, **more: Any) -> None:
        self._roles: dict[str | None, str] = {}
        super().__init__(redirect_slashes=False, **more)

    def include_router(self, router: APIRouter, **how: Any) -> None:
        """Take in routes, and note who may use them."""
        routes = [route for route in router.routes if isinstance(route, APIRoute)]
        self._roles |= {route.operation_id: _role(route.dependant) or "anyone" for route in routes}
        super().include_router(router, **how)

    def openapi(self) -> dict[str, Any]:
        """Give the document; made once."""
        if self.openapi_schema:
            return self.openapi_schema
        document = super().openapi()
        for path in document["paths"].values():
            for method, operation in path.items():
                operation["responses"] = dict(_responses(operation["responses"]))
                operation.setdefault("x-role", self._roles.get(operation["operationId"]))
                by_session = method in _CHANGING and any("session" in way for way in operation.get("security", []))
                if by_session or operation["x-role"] in {"editor", "owner"}:
                    operation["responses"].setdefault("403", _FORBIDDEN)
                if operation["x-role"] != "anyone":
                    operation["responses"].setdefault("429", _TOO_MANY)
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        return document


def _role(dependant: Dependant) -> str | None:
    """Find the role that a route needs among all that it depends on."""
    if isinstance(dependant.call, Needs):
        return dependant.call.role.value
    return next(filter(None, map(_role, dependant.dependencies)), None)


def optional(*, header: Sequence[str] = (), query: Sequence[str] = ()) -> dict[str, Any]:
    """Document what a route reads from the request itself, for its `openapi_extra`: texts that may be left out."""
    named = [*(("header", name) for name in header), *(("query", name) for name in query)]
    return {"parameters": [{"name": name, "in": place, "schema": {"type": "string"}} for place, name in named]}


def _responses(found: dict[str, Any]) -> list[tuple[str, Any]]:
    """Give problems their media type; leave out the 422 that FastAPI adds wherever there is a parameter."""
    return [
        (status, _as_problem(response) if _is_of(response, "Problem") else response)
        for status, response in found.items()
        if not _is_of(response, "HTTPValidationError")
    ]


def _is_of(response: dict[str, Any], model: str) -> bool:
    return _reference(model) in response.get("content", {}).values()


def _as_problem(response: dict[str, Any]) -> dict[str, Any]:
    """FastAPI writes a problem down as of the type that the route's good answers have; what else it may be, stays."""
    others = {kind: found for kind, found in response["content"].items() if found != _reference("Problem")}
    return {**response, "content": {"application/problem+json": _reference("Problem"), **others}}


def _reference(model: str) -> dict[str, Any]:
    return {"schema": {"$ref": f"#/components/schemas/{model}"}}
