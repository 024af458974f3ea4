"""`matinee tests` against the real API: what is pushed is saved, once, and nobody's change is lost."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from matinee import bootstrap
from matinee.cli import main
from matinee.cli.api import Api
from matinee.cli.saved import Saved, bring
from matinee.cli.server import Server
from matinee.usecases.library import Writing

SCRIPT = "import { test } from '@playwright/test';\ntest('adds up', async () => {});\n"


@pytest.fixture(autouse=True)
def _fresh(server: str) -> None:
    """Each test begins with nothing saved."""
    assert server
    with bootstrap.database().transaction() as connection:
        connection.execute("DELETE FROM purges")
        connection.execute("DELETE FROM runs")
        connection.execute("DELETE FROM jobs")
        connection.execute("DELETE FROM tests")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two tests below `e2e`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "e2e" / "shop").mkdir(parents=True)
    (tmp_path / "e2e" / "shop" / "pay.spec.ts").write_text(SCRIPT)
    (tmp_path / "e2e" / "login.test.mjs").write_text(SCRIPT)
    return tmp_path


@pytest.fixture
def ask(server: str, key: str) -> Callable[..., Any]:
    """Ask the API itself."""

    def ask(method: str, path: str, **request: Any) -> Any:
        headers = {"Authorization": f"Bearer {key}", **request.pop("headers", {})}
        answer = httpx.request(method, f"{server}{path}", headers=headers, **request)
        assert answer.is_success, answer.text
        return answer.json()

    return ask


@pytest.fixture
def saved(ask: Callable[..., Any]) -> Callable[[], dict[str, Any]]:
    """Give the saved tests by their paths, with their scripts."""

    def saved() -> dict[str, Any]:
        items = ask("GET", "/api/tests")["items"]
        return {item["path"]: ask("GET", f"/api/tests/{item['id']}") for item in items}

    return saved


def test_the_test_files_of_a_folder_become_saved_tests(
    folder: Path, saved: Callable[[], dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder
    assert 0 == main(["tests", "push", "e2e"])

    assert ["+ login.test.mjs  created", "+ shop/pay.spec.ts  created", "2 created"] == told(capsys)
    found = saved()
    assert {"login.test.mjs": ("login", "javascript"), "shop/pay.spec.ts": ("shop/pay", "typescript")} == {
        path: (test["title"], test["language"]) for path, test in found.items()
    }
    assert {SCRIPT} == {test["script"] for test in found.values()}


def test_the_same_push_again_changes_nothing(
    folder: Path, saved: Callable[[], dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder
    arguments = ["tests", "push", "e2e", "--tag", "shop", "--tag", " a ", "--job", "nightly", "--retries", "2"]
    assert 0 == main(arguments)
    before = saved()
    capsys.readouterr()

    assert 0 == main(arguments)
    assert [
        "= login.test.mjs  unchanged",
        "= shop/pay.spec.ts  unchanged",
        "2 unchanged",
        "= job nightly  unchanged, 2 tests",
    ] == told(capsys)
    assert before == saved()


def test_what_changed_becomes_the_next_version(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["tests", "push", "e2e"])
    (folder / "e2e" / "shop" / "pay.spec.ts").write_text(f"// new\n{SCRIPT}")
    capsys.readouterr()

    assert 0 == main(["tests", "push", "e2e"])
    assert [
        "= login.test.mjs  unchanged",
        "~ shop/pay.spec.ts  updated (version 2)",
        "1 unchanged, 1 updated",
    ] == told(capsys)


def test_what_others_made_of_a_test_stays(
    folder: Path, saved: Callable[[], dict[str, Any]], ask: Callable[..., Any]
) -> None:
    """Its title and its description are theirs; its tags, too, unless the push has some of its own."""
    main(["tests", "push", "e2e"])
    test = saved()["shop/pay.spec.ts"]
    theirs = {"title": "Paying", "description": "By card.", "tags": ["money"], "path": test["path"], "script": SCRIPT}
    ask("PUT", f"/api/tests/{test['id']}", json=theirs, headers={"If-Match": '"1"'})
    (folder / "e2e" / "shop" / "pay.spec.ts").write_text(f"// new\n{SCRIPT}")

    assert 0 == main(["tests", "push", "e2e"])
    pushed = saved()["shop/pay.spec.ts"]
    assert ["Paying", "By card.", ["money"], f"// new\n{SCRIPT}"] == [
        pushed[name] for name in ("title", "description", "tags", "script")
    ]

    assert 0 == main(["tests", "push", "e2e", "--tag", "shop"])
    assert [["shop"]] * 2 == [test["tags"] for test in saved().values()]


def test_a_script_that_does_not_parse_is_shown_and_the_others_are_saved(
    folder: Path, saved: Callable[[], dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "e2e" / "login.test.mjs").write_text("const a = = 1;\n")
    (folder / "e2e" / "bad.spec.ts").write_bytes(b"\xff")

    assert 2 == main(["tests", "push", "e2e", "--job", "nightly"])
    printed = capsys.readouterr()
    assert [
        "✗ bad.spec.ts  not saved",
        "    It is no UTF-8 text (byte 0).",
        "✗ login.test.mjs  not saved",
        "  e2e/login.test.mjs:1:11  Unexpected token",
        "  1 │ const a = = 1;",
        "                ^",
        "+ shop/pay.spec.ts  created",
        "2 not saved, 1 created",
    ] == printed.out.splitlines()
    assert "The job nightly was left as it is, for not all of its tests could be saved.\n" == printed.err
    assert ["shop/pay.spec.ts"] == list(saved())


def test_a_save_in_between_is_read_and_built_upon(
    folder: Path, server: str, key: str, ask: Callable[..., Any], saved: Callable[[], dict[str, Any]]
) -> None:
    """Somebody else saves between our look and our save: both changes are there in the end, and we say so."""
    assert folder
    main(["tests", "push", "e2e"])
    path = "shop/pay.spec.ts"
    test = saved()[path]
    looks: list[str] = []

    def wanted(known: dict[str, Any]) -> dict[str, Any]:
        looks.append(known["description"])
        if len(looks) == 1:
            theirs = {"title": "Pay", "description": "By card.", "path": path, "script": SCRIPT}
            ask("PUT", f"/api/tests/{test['id']}", json=theirs, headers={"If-Match": '"1"'})
        kept = {name: known[name] for name in ("title", "description", "path")}
        return {**kept, "script": f"// new\n{SCRIPT}"}

    async def change() -> Saved:
        async with Api(Server(server, key)) as api:
            return await bring(api, "/api/tests", key={"path": path}, wanted=wanted)

    assert "updated (version 3), after somebody else had changed it" == asyncio.run(change()).words
    assert ["", "By card."] == looks
    assert ["Pay", "By card.", f"// new\n{SCRIPT}"] == [saved()[path][of] for of in ("title", "description", "script")]


def test_two_pushes_at_once_save_each_file_once(folder: Path, saved: Callable[[], dict[str, Any]]) -> None:
    for number in range(20):
        (folder / "e2e" / f"{number}.spec.ts").write_text(SCRIPT)
    command = [sys.executable, "-m", "matinee.cli", "tests", "push", "e2e", "--job", "nightly"]

    pushes = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [0, 0] == [push.wait(timeout=60) for push in pushes]
    assert 22 == len(saved())


def test_a_job_is_made_of_what_was_pushed_in_the_order_of_the_paths(
    folder: Path, saved: Callable[[], dict[str, Any]], ask: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder
    settings = ["--parallelism", "3", "--retries", "1", "--timeout", "9", "--stop-after", "2"]
    assert 0 == main(["tests", "push", "e2e", "--job", "nightly", "--base-url", "https://example.com", *settings])

    assert "+ job nightly  created, 2 tests" == told(capsys)[-1]
    job = job_of(ask)
    tests = saved()
    assert [tests["login.test.mjs"]["id"], tests["shop/pay.spec.ts"]["id"]] == job["tests"]
    assert [3, 1, 9, 2, "https://example.com"] == [
        job[name] for name in ("parallelism", "retries", "timeoutSeconds", "stopAfterFailures", "baseUrl")
    ]


def test_a_file_that_is_gone_leaves_the_job_and_the_jobs_settings_stay(
    folder: Path, ask: Callable[..., Any], saved: Callable[[], dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """The saved test itself stays: its runs are its own, and other folders may have been pushed."""
    main(["tests", "push", "e2e", "--job", "nightly", "--parallelism", "3"])
    (folder / "e2e" / "login.test.mjs").unlink()
    capsys.readouterr()

    assert 0 == main(["tests", "push", "e2e", "--job", "nightly", "--retries", "1"])
    job = job_of(ask)
    assert "~ job nightly  updated (version 2), 1 tests" == told(capsys)[-1]
    assert (1, 3, 1) == (len(job["tests"]), job["parallelism"], job["retries"])
    assert 2 == len(saved())


def test_a_jobs_settings_without_a_job_are_a_mistake(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert folder
    assert 2 == main(["tests", "push", "e2e", "--retries", "1"])
    assert "matinee: These settings are a job's: name it with --job.\n" == capsys.readouterr().err


def test_a_wrong_key_ends_the_push_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no fault of any file's, so it is said once."""
    assert folder
    monkeypatch.setenv("MATINEE_API_KEY", "mt_wrong")

    assert 2 == main(["tests", "push", "e2e"])
    printed = capsys.readouterr()
    assert ("", 1) == (printed.out, printed.err.count("does not know the key. Set MATINEE_API_KEY."))


def test_lists_show_what_there_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert folder
    assert 0 == main(["tests", "list"])
    assert 0 == main(["jobs", "list"])
    assert "" == capsys.readouterr().out

    main(["tests", "push", "e2e/shop", "--tag", "shop", "--job", "nightly"])
    main(["tests", "push", "e2e/login.test.mjs"])
    capsys.readouterr()

    assert 0 == main(["tests", "list", "--tag", "shop"])
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert ["TITLE", "PATH", "TAGS", "VERSION", "SAVED"] == head.split()
    assert [["pay", "pay.spec.ts", "shop", "1"]] == [row.split()[:4] for row in rows]

    assert 0 == main(["tests", "list", "--search", "LOG"])
    assert ["login"] == [row.split()[0] for row in capsys.readouterr().out.splitlines()[2:]]

    assert 0 == main(["jobs", "list"])
    assert [["nightly", "1", "10"]] == [row.split() for row in capsys.readouterr().out.splitlines()[2:]]


def test_more_tests_than_a_page_has_are_all_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A page has 200."""
    workspace_id = bootstrap.keys().ensure_workspace()
    for number in range(201):
        writing = {"title": f"t{number}", "description": "", "tags": (), "path": None, "script": "//", "language": None}
        bootstrap.library().add(workspace_id, Writing(**writing))
    assert folder

    assert 0 == main(["tests", "list"])
    assert 203 == len(capsys.readouterr().out.splitlines())


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def job_of(ask: Callable[..., Any]) -> Any:
    (found,) = ask("GET", "/api/jobs", params={"name": "nightly"})["items"]
    return ask("GET", f"/api/jobs/{found['id']}")
