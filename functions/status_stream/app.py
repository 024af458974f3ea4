"""status_stream: the live events of runs, as server-sent events."""

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool

from matinee import bootstrap, settings
from matinee.http import problems
from matinee.http.auth import credentials, principal_from
from matinee.http.openapi import Api, optional
from matinee.http.problems import documented
from matinee.http.sse import EventStream, last_event_id, while_allowed
from matinee.http.standing import Standing
from matinee.model.access import Role
from matinee.stores.runs import Run
from matinee.usecases.watch import Pace, Watches


def create_app() -> Api:
    """Make the app; the stores are reached when the first client comes."""
    app = Api(title="Matinee: live events", dependencies=[credentials])
    problems.install(app)

    for path, operation in (
        ("/api/test-status/sse/{run_id}", "testEvents"),
        ("/api/job-status/sse/{run_id}", "runEvents"),
    ):
        app.add_api_route(
            path,
            events,
            status_code=200,
            operation_id=operation,
            summary="A run's live events",
            response_class=EventStream,
            responses={
                204: {"description": "The client has the last event already."},
                **documented(401, 404, 429, 503),
            },
            tags=["runs"],
            openapi_extra={"x-role": Role.VIEWER.value, **optional(header=["Last-Event-ID"], query=["lastEventId"])},
        )
    return app


async def events(request: Request, run_id: str) -> EventStream:
    """Tell what happens in a run, from its beginning or from `Last-Event-ID`, until it ends. A ticket is enough.

    Whose key is revoked meanwhile, or who is signed out, hears no more within 10 s.
    """
    run = await run_in_threadpool(_run_for, request, run_id)
    told = _watches(request.app).follow(run, after=last_event_id(request))
    standing = _standing(request.app)
    return EventStream(while_allowed(told, lambda: standing.good(request, run_id)))


def _run_for(request: Request, run_id: str) -> Run:
    """Give the run if the client may see it; to another workspace it does not exist."""
    principal = principal_from(request, bootstrap.keys(), bootstrap.sessions(), run_id=run_id)
    return bootstrap.runs().get(principal.workspace_id, run_id)


def _standing(app: FastAPI) -> Standing:
    """Give what knows who may still listen; like the watches it is of the app's event loop."""
    if not hasattr(app.state, "standing"):
        app.state.standing = Standing(_run_for)
    standing: Standing = app.state.standing
    return standing


def _watches(app: FastAPI) -> Watches:
    """Give the app's watches. They belong to its event loop, so they are no part of the process-wide wiring."""
    if not hasattr(app.state, "watches"):
        eager = settings.load(settings.StreamSettings)
        pace = Pace(shortest=eager.matinee_poll_shortest_ms / 1000, longest=eager.matinee_poll_longest_ms / 1000)
        app.state.watches = Watches(live=bootstrap.live(), runs=bootstrap.runs(), pace=pace)
    watches: Watches = app.state.watches
    return watches
