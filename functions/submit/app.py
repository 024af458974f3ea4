"""The HTTP API: save tests and jobs, run them, follow, cancel and delete their runs."""

from functions.submit import health
from functions.submit.routes import (
    jobs,
    keys,
    limits,
    members,
    runs,
    schedules,
    sessions,
    shares,
    sign_on,
    statistics,
    tests,
    triggers,
    variables,
)
from matinee import __version__
from matinee.http import problems
from matinee.http.limits import BodyLimit
from matinee.http.openapi import Api

#: A script of 1 MB with every character escaped as \\n or \\" is the most that anybody means to send.
MAX_BODY_BYTES = 2_000_000
#: A job's run may bring the scripts of all its tests; Lambda takes 6 MB in all.
MAX_JOB_RUN_BYTES = 5_000_000


def create_app() -> Api:
    """Make the app. It reaches for stores only when a request needs them."""
    app = Api(
        title="Matinee",
        version=__version__,
        description="Playwright tests on serverless functions.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # these pages load their scripts from elsewhere
        redoc_url=None,
    )
    app.add_middleware(BodyLimit, most=MAX_BODY_BYTES, at={"/api/jobs/run": MAX_JOB_RUN_BYTES})
    for routes in (
        runs,
        tests,
        jobs,
        schedules,
        triggers,
        statistics,
        shares,
        sessions,
        sign_on,
        keys,
        members,
        limits,
        variables,
        health,
    ):
        app.include_router(routes.router)
    problems.install(app)
    return app
