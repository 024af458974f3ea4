"""`matinee variables`: set, list, unset, of the workspace and of a job; a secret never stands on the command line."""

import io
import sys

import pytest

from matinee import bootstrap
from matinee.cli import main
from matinee.model.work import Sealed
from matinee.stores.jobs import JobDraft

pytestmark = pytest.mark.usefixtures("server")
HUSH = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _empty() -> None:
    with bootstrap.database().transaction() as connection:
        connection.execute("DELETE FROM variables")


def piped(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def saved() -> dict[str, tuple[bool, str | None]]:
    found = bootstrap.variables().list(bootstrap.keys().ensure_workspace(), None)
    return {each.name: (each.secret, each.value) for each in found}


def test_a_variable_is_set_listed_and_unset(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["variables", "set", "WHERE_TO", "https://staging.example.com"])
    assert 0 == main(["variables", "list"])
    shown = capsys.readouterr().out
    assert 0 == main(["variables", "unset", "WHERE_TO"])

    assert [["NAME", "VALUE", "SAVED", "BY"], ["WHERE_TO", "https://staging.example.com"]] == [
        line.split()[:4] if number == 0 else line.split()[:2]
        for number, line in enumerate(shown.splitlines())
        if "─" not in line
    ]
    assert {} == saved()


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_secret_comes_through_a_pipe_without_its_last_line_break(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], end: str
) -> None:
    piped(monkeypatch, HUSH + end)
    assert 0 == main(["variables", "set", "TOKEN", "--secret"])
    main(["variables", "list"])

    workspace_id = bootstrap.keys().ensure_workspace()
    with bootstrap.database().transaction() as connection:
        row = connection.execute("SELECT secret, sealed AS text FROM variables").fetchone()
    assert row is not None
    assert {"TOKEN": HUSH} == bootstrap.vault().open(workspace_id, [Sealed(**row)]).variables
    out = capsys.readouterr()
    assert "(secret)" in out.out
    assert HUSH not in out.out + out.err


def test_at_a_terminal_the_value_is_asked_for_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    asked: list[str] = []
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or HUSH)  # type: ignore[func-returns-value]

    assert 0 == main(["variables", "set", "TOKEN", "--secret"])
    assert (["TOKEN: "], {"TOKEN": (True, None)}) == (asked, saved())


def test_a_secret_on_the_command_line_is_refused_and_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["variables", "set", "TOKEN", HUSH, "--secret"])

    said = capsys.readouterr().err
    assert "kept by your shell" in said
    assert HUSH not in said
    assert {} == saved()


def test_what_the_server_refuses_is_told_in_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(monkeypatch, "short")

    assert [2, 2, 2, 2] == [
        main(arguments)
        for arguments in (
            ["variables", "set", "TOKEN", "--secret"],
            ["variables", "set", "PATH", "x"],
            ["variables", "unset", "NONE"],
            ["variables", "list", "--job", "no such"],
        )
    ]
    said = capsys.readouterr().err
    for sentence in (
        "6 characters or more",
        "the search for programs",
        "no variable of this name",
        "There is no job no such.",
    ):
        assert sentence in said


def test_a_jobs_variables_are_its_own() -> None:
    workspace_id = bootstrap.keys().ensure_workspace()
    draft = JobDraft(
        name="nightly for variables", description="", tests=(), base_url=None, parallelism=1, retries=0, timeout_seconds=60,
        run_timeout_seconds=None, stop_after_failures=None,
    )  # fmt: skip
    job = bootstrap.jobs().create(workspace_id, draft)

    assert 0 == main(["variables", "set", "A", "x", "--job", "nightly for variables"])
    assert ({}, ["A"]) == (saved(), [each.name for each in bootstrap.variables().list(workspace_id, job.id)])
    assert 0 == main(["variables", "unset", "A", "--job", "nightly for variables"])
    assert [] == list(bootstrap.variables().list(workspace_id, job.id))
