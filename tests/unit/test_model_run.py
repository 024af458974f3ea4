import re
from itertools import combinations
from pathlib import Path

import pytest

from matinee.model.run import ADVICE, Counts, Reason, RunKind, RunStatus, RunTrigger, TestStatus, verdict

ROOT = Path(__file__).parents[2]
SCHEMA = (ROOT / "src/matinee/stores/migrations/0001_runs.sql").read_text()
FIGURE = re.search(r"stateDiagram-v2\n(.*?)```", (ROOT / "docs/architecture.md").read_text(), re.DOTALL)


def sql_enum(name: str) -> list[str]:
    found = re.search(rf"CREATE TYPE {name} AS ENUM \((.*?)\)", SCHEMA, re.DOTALL)
    assert found is not None
    return re.findall(r"'(\w+)'", found[1])


@pytest.mark.parametrize(
    ("name", "enum"),
    [("run_status", RunStatus), ("test_status", TestStatus), ("run_kind", RunKind), ("run_trigger", RunTrigger)],
)
def test_an_enum_and_its_sql_type_have_the_same_members(name: str, enum: type) -> None:
    assert sql_enum(name) == [member.value for member in enum]  # type: ignore[attr-defined] - StrEnums all


def test_the_figure_has_every_status_and_ends_in_the_terminal_ones() -> None:
    assert FIGURE is not None
    arrows = re.findall(r"(\S+) --> (\S+)", FIGURE[1])

    assert set(RunStatus) | {"[*]"} == {place for arrow in arrows for place in arrow}
    assert {status for status in RunStatus if status.is_terminal} == {origin for origin, to in arrows if to == "[*]"}
    assert not [
        arrow
        for arrow in arrows
        if arrow[0] in set(RunStatus) and RunStatus(arrow[0]).is_terminal and arrow[1] != "[*]"
    ]


def test_the_schema_knows_which_statuses_are_open() -> None:
    """The constraint `ended_iff_terminal` names them, once for runs and once for tests."""
    open_ones = ", ".join(f"'{status}'" for status in RunStatus if not status.is_terminal)

    assert 2 == SCHEMA.count(f"CHECK ((status IN ({open_ones})) = (ended_at IS NULL))")
    assert {s.value for s in RunStatus if not s.is_terminal} == {s.value for s in TestStatus if not s.is_terminal}


def test_every_reason_has_advice() -> None:
    assert set(Reason) == set(ADVICE)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["passed"], "passed"),
        (["passed", "flaky"], "passed"),
        (["passed", "skipped"], "passed"),
        (["skipped"], "error"),
        (["passed", "failed", "timed_out"], "failed"),
        (["passed", "timed_out"], "timed_out"),
        (["failed", "error"], "error"),
        (["error", "cancelled", "passed"], "cancelled"),
    ],
)
def test_the_worst_test_decides(statuses: list[str], expected: str) -> None:
    assert RunStatus(expected) is verdict(TestStatus(status) for status in statuses)


def test_there_is_a_verdict_whenever_all_have_ended_and_never_before() -> None:
    for pair in combinations(TestStatus, 2):
        if all(status.is_terminal for status in pair):
            assert verdict(pair).is_terminal
        else:
            with pytest.raises(ValueError, match="queued or running"):
                verdict(pair)


def test_counts_put_every_ended_test_in_one_column() -> None:
    counts = Counts.of(TestStatus)

    assert Counts(total=9, passed=1, failed=2, flaky=1, skipped=2, error=1) == counts
    assert sum(status.is_terminal for status in TestStatus) == counts.total - 2
