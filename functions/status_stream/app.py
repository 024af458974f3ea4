"""status_stream: the live events of runs, as server-sent events."""

from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool

from matinee import bootstrap, settings
from matinee.http import problems
from matinee.http.auth import bearer, principal_from
from matinee.http.sse import EventStream, last_event_id
from matinee.stores.runs import Run
from matinee.usecases.watch import Pace, Watches


def create_app() -> FastAPI:
    """Make the app; the stores are reached when the first client comes."""
    app = FastAPI(title="Matinee: live events", dependencies=[Depends(bearer)])
    problems.install(app)

    @app.get("/api/test-status/sse/{test_id}", summary="A playground run's live events", response_class=EventStream)
    async def test_events(test_id: str, request: Request) -> EventStream:
        return await _stream(request, test_id)

    @app.get("/api/job-status/sse/{run_id}", summary="A run's live events", response_class=EventStream)
    async def run_events(run_id: str, request: Request) -> EventStream:
        return await _stream(request, run_id)

    return app


async def _stream(request: Request, run_id: str) -> EventStream:
    run = await run_in_threadpool(_run_for, request, run_id)
    return EventStream(_watches(request.app).follow(run, after=last_event_id(request)))


def _run_for(request: Request, run_id: str) -> Run:
    """Give the run if the client may see it; to another workspace it does not exist."""
    principal = principal_from(request, bootstrap.keys(), run_id=run_id)
    return bootstrap.runs().get(principal.workspace_id, run_id)


def _watches(app: FastAPI) -> Watches:
    """Give the app's watches. They belong to its event loop, so they are no part of the process-wide wiring."""
    if not hasattr(app.state, "watches"):
        eager = settings.load(settings.StreamSettings)
        pace = Pace(shortest=eager.matinee_poll_shortest_ms / 1000, longest=eager.matinee_poll_longest_ms / 1000)
        app.state.watches = Watches(live=bootstrap.live(), runs=bootstrap.runs(), pace=pace)
    watches: Watches = app.state.watches
    return watches
