"""Where reports are, for whom, and for how long what opens them is taken for good."""

import pytest

from matinee.http.passes import GOOD_FOR_S, Passes
from matinee.model.access import Principal, Role
from matinee.model.origins import Origins
from matinee.settings import ReportSettings

BOTH = "http://127.0.0.1:8400=http://localhost:8401 http://localhost:8400=http://127.0.0.1:8401"


@pytest.mark.parametrize(
    ("host", "reports"),
    [
        ("127.0.0.1:8400", "http://localhost:8401"),
        ("localhost:8400", "http://127.0.0.1:8401"),
        ("elsewhere.example", "http://localhost:8401"),
        ("", "http://localhost:8401"),
    ],
)
def test_reports_are_at_the_other_name_of_the_machine(host: str, reports: str) -> None:
    """Who comes by a name that nobody told us, such as API Gateway's own, is sent to the first."""
    assert reports == Origins.read(BOTH).beside(host)


def test_where_nobody_named_an_origin_there_is_none() -> None:
    assert (None, [], []) == (Origins.read("").beside("x"), Origins.read(" ").own, Origins.read("").of_reports)


@pytest.mark.parametrize(
    "text",
    [
        "https://reports.example",
        "https://app.example=",
        "https://app.example=reports.example",
        "https://app.example=https://reports.example/",
        "https://app.example=https://reports.example/reports",
        "https://app.example=javascript://reports.example",
        "https://app.example=https://app.example",
        "http://127.0.0.1:8400=http://127.0.0.1:8401",
    ],
)
def test_what_is_no_pair_of_hosts_is_refused(text: str) -> None:
    """A port is not enough: cookies do not heed it."""
    with pytest.raises(ValueError, match=r"no pair of origins|another host name"):
        ReportSettings(matinee_report_origins=text)


def test_what_was_revoked_opens_nothing_a_few_seconds_later() -> None:
    """And is asked for once meanwhile, though a report has many files; what is no good is asked for each time."""
    now, asked = [0.0], list[str]()
    good = {"tk": Principal(workspace_id="w", role=Role.VIEWER, run_id="r")}

    def ask(token: str) -> Principal | None:
        asked.append(token)
        return good.get(token)

    passes = Passes(ask, clock=lambda: now[0])
    first = [passes.principal_of("tk"), passes.principal_of("tk"), passes.principal_of("no"), passes.principal_of("no")]
    revoked = good.pop("tk")
    soon = passes.principal_of("tk")
    now[0] = GOOD_FOR_S
    later = passes.principal_of("tk")

    assert ([revoked, revoked, None, None], revoked, None) == (first, soon, later)
    assert ["tk", "no", "no", "tk"] == asked


def test_passes_are_forgotten_when_nobody_asks_for_them() -> None:
    now = [0.0]
    passes = Passes(lambda _: Principal(workspace_id="w", role=Role.VIEWER), clock=lambda: now[0])
    for number in range(3_000):
        now[0] += GOOD_FOR_S / 10
        passes.principal_of(str(number))

    assert len(passes._known) <= 1_000
