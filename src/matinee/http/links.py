"""Where a run's things are found. Relative to the origin: the same locally, in the cloud and behind a proxy."""

from matinee.model.run import RunKind

#: Where the reports' own origin has them.
SHOWN = "/reports/"


def sign_in_path(token: str) -> str:
    """Give the page that a sign-in link opens. The token stands in the fragment, which no browser sends, and no log has."""
    return f"/sign-in#{token}"


def run_path(run_id: str) -> str:
    """Give the path of the run itself."""
    return f"/api/runs/{run_id}"


def console_path(run_id: str) -> str:
    """Give the path of what the run's tests printed."""
    return f"/api/runs/{run_id}/console"


def events_path(kind: RunKind, run_id: str) -> str:
    """Give the path of the run's live events."""
    return f"/api/{'test' if kind is RunKind.TEST else 'job'}-status/sse/{run_id}"


def report_path(kind: RunKind, run_id: str) -> str:
    """Give the path of the run's report. It ends in a slash: the report's own links are relative."""
    return f"/api/test-results/{'tests' if kind is RunKind.TEST else 'jobs'}/{run_id}/report/"


def shown_path(token: str) -> str:
    """Give the path of a report at the reports' own origin, for who has a ticket or a share's token. What belongs to it is below."""
    return f"{SHOWN}{token}/"


def shared_path(token: str) -> str:
    """Give the path that a share's link has, wherever Matinee is; it leads to `shown_path` at the reports' origin."""
    return f"/api/shared/{token}"


def junit_path(kind: RunKind, run_id: str) -> str:
    """Give the path of the run's results as JUnit XML, a part of its report."""
    return f"{report_path(kind, run_id)}junit.xml"


def results_path(kind: RunKind, run_id: str) -> str:
    """Give the path of the run's results as Playwright's JSON, a part of its report."""
    return f"{report_path(kind, run_id)}results.json"
