"""Runs as the API shows them."""

from matinee.http import links, schemas
from matinee.model.run import RunKind
from matinee.stores.rows import Run, RunSummary


def accepted(run: Run) -> schemas.TestAccepted:
    """Show a run that was just submitted, with the report's link though nothing is there yet: people open it early."""
    report = links.report_path(run.kind, run.id)
    with_report = _links(run).model_copy(update={"report": report})
    return schemas.TestAccepted(test_id=run.id, status=run.status, links=with_report)


def run_accepted(run: Run) -> schemas.RunAccepted:
    """Show a run that was just made of what is saved, its report's link as in `accepted`."""
    report = links.report_path(run.kind, run.id)
    return schemas.RunAccepted(
        run_id=run.id,
        job_id=run.job_id,
        test_id=run.tests[0].saved_test_id if run.kind is RunKind.TEST else None,
        status=run.status,
        links=_links(run).model_copy(update={"report": report}),
    )


def shown(run: Run) -> schemas.Run:
    """Show a run and its tests."""
    return schemas.Run.model_validate({**vars(run), "links": _links(run)})


def summary(run: RunSummary) -> schemas.RunSummary:
    """Show a run in a list."""
    return schemas.RunSummary.model_validate({**vars(run), "links": _links(run)})


def _links(run: RunSummary) -> schemas.RunLinks:
    made = run.report_at is not None
    return schemas.RunLinks(
        self=links.run_path(run.id),
        events=links.events_path(run.kind, run.id),
        report=links.report_path(run.kind, run.id) if made else None,
        junit=links.junit_path(run.kind, run.id) if made else None,
        results=links.results_path(run.kind, run.id) if made else None,
        console=links.console_path(run.id),
    )
