"""`matinee jobs schedule` against the real API: a job is given a schedule, paused, and looked at."""

from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from uuid_utils import uuid7

from matinee import bootstrap
from matinee.cli import main
from matinee.model.schedule import MissReason

SCRIPT = "import { test } from '@playwright/test';\ntest('adds up', async () => {});\n"


@pytest.fixture
def job(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The name of a job of one test."""
    assert server
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.spec.ts").write_text(SCRIPT)
    name = f"nightly {uuid7()}"
    assert 0 == main(["tests", "push", ".", "--job", name])
    capsys.readouterr()
    return name


def id_of(name: str) -> str:
    found, _ = bootstrap.jobs().list(bootstrap.keys().ensure_workspace(), name=name)
    return found[0].id


def in_scheduler(name: str) -> list[str]:
    client = boto3.client("scheduler")
    names = [each["Name"] for each in client.list_schedules(NamePrefix=id_of(name))["Schedules"]]
    return [client.get_schedule(GroupName="matinee", Name=each)["ScheduleExpression"] for each in names]


def test_a_job_is_given_a_schedule_and_it_is_shown(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In words, with its next times; what is not given again stays as it is."""
    code = main(["jobs", "schedule", job, "--cron", "30 9 * * mon", "--timezone", "Asia/Tokyo", "--overlap", "queue"])
    first = capsys.readouterr().out
    assert 0 == code == main(["jobs", "schedule", job, "--missed", "run_once"])
    second = capsys.readouterr().out

    assert "09:30" in first
    assert "30 9 * * mon, Asia/Tokyo, overlap queue, missed skip" in first
    assert 5 == first.count(" 00:30")
    assert "No tick was due yet." in first
    assert "30 9 * * mon, Asia/Tokyo, overlap queue, missed run_once" in second
    assert ["cron(30 9 ? * 2 *)"] == in_scheduler(job)


def test_a_schedule_is_paused_resumed_and_taken_away(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["jobs", "schedule", job, "--cron", "@daily"])

    assert 0 == main(["jobs", "schedule", job, "--pause"])
    assert "It does not fire while it is paused." in capsys.readouterr().out
    assert [] == in_scheduler(job)
    assert 0 == main(["jobs", "schedule", job, "--resume"])
    assert ["cron(0 0 * * ? *)"] == in_scheduler(job)
    assert 0 == main(["jobs", "schedule", job, "--off"])
    assert f"{job} has no schedule." in capsys.readouterr().out
    assert [] == in_scheduler(job)


def test_what_became_of_the_last_ticks_is_shown(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["jobs", "schedule", job, "--cron", "* * * * *"])
    bootstrap.ticker().tick(id_of(job), datetime(2026, 11, 22, 12, tzinfo=UTC))
    bootstrap.ticks().miss(id_of(job), datetime(2026, 11, 22, 12, 1, tzinfo=UTC), reason=MissReason.STACK_DOWN)
    capsys.readouterr()

    main(["jobs", "schedule", job])

    missed, started = capsys.readouterr().out.splitlines()[-2:]
    run, _ = bootstrap.runs().list(bootstrap.keys().ensure_workspace(), job_id=id_of(job))
    assert ["2026-11-22", "12:01", "missed", "Matinee", "was", "not", "running."] == missed.split()
    assert ["2026-11-22", "12:00", "started", run[0].id] == started.split()


def test_pushing_the_tests_of_a_job_again_leaves_its_schedule(job: str, tmp_path: Path) -> None:
    """Neither a changed nor an unchanged push touches it."""
    main(["jobs", "schedule", job, "--cron", "@daily", "--overlap", "replace"])
    before = bootstrap.schedules().find(id_of(job))
    (tmp_path / "b.spec.ts").write_text(SCRIPT)

    assert 0 == main(["tests", "push", ".", "--job", job]) == main(["tests", "push", ".", "--job", job])

    assert before
    assert before == bootstrap.schedules().find(id_of(job))
    assert 2 == len(bootstrap.jobs().get(bootstrap.keys().ensure_workspace(), id_of(job)).tests)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--cron", "0 9 * * mno"], "Perhaps you meant mon."),
        (["--cron", "@daily", "--timezone", "Berlin"], "Perhaps you meant Europe/Berlin."),
        (["--pause"], "has no schedule yet. Give it one with --cron."),
        (["--off", "--cron", "@daily"], "--off takes the schedule away"),
    ],
)
def test_what_makes_no_sense_is_told(
    options: list[str], told: str, job: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["jobs", "schedule", job, *options])
    assert told in capsys.readouterr().err
    assert bootstrap.schedules().find(id_of(job)) is None


def test_a_job_that_is_not_there_is_told(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["jobs", "schedule", f"not {job}"])
    assert "There is no job" in capsys.readouterr().err
