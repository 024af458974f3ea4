"""Which files `matinee tests push` takes, and by which names."""

from pathlib import Path

import pytest

from matinee.cli.files import Spec, language, source, specs
from matinee.cli.server import CannotRunError
from matinee.model.script import Language


def write(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("//")


def test_a_folders_test_files_are_those_that_playwright_takes_by_default(tmp_path: Path) -> None:
    taken = ["a.spec.ts", "a.test.js", "b/c.spec.mts", "b/c.spec.cjs", "b/d/e.test.tsx"]
    write(tmp_path, *taken, "spec.ts", "a.ts", "a.spec.ts.snap", "a-spec.ts", "a.SPEC.ts", "a.spec.py", ".spec.ts")

    assert sorted(taken) == [spec.path for spec in specs([tmp_path])]


def test_what_was_installed_and_what_is_hidden_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a.spec.ts", "node_modules/x/a.spec.ts", "b/node_modules/a.spec.ts", ".git/a.spec.ts")

    assert ["a.spec.ts"] == [spec.path for spec in specs([tmp_path])]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "here/a.spec.ts", "there/b.spec.ts")
    (tmp_path / "here" / "link").symlink_to(tmp_path)

    assert ["a.spec.ts"] == [spec.path for spec in specs([tmp_path / "here"])]


def test_a_file_that_is_named_itself_may_be_called_anything(tmp_path: Path) -> None:
    write(tmp_path, "b/login.ts")

    assert [Spec(tmp_path / "b/login.ts", "login.ts")] == specs([tmp_path / "b/login.ts"])


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("a.spec.ts", "a"),
        ("shop/pay.with.card.test.mjs", "shop/pay.with.card"),
        ("a.spec.spec.ts", "a.spec"),
        ("login.ts", "login.ts"),
    ],
)
def test_the_title_is_the_path_without_the_ending(path: str, title: str) -> None:
    assert title == Spec(Path(path), path).title


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """Each would overwrite the other, push after push."""
    write(tmp_path, "one/a.spec.ts", "two/a.spec.ts")

    with pytest.raises(CannotRunError, match=r"one/a\.spec\.ts, .*two/a\.spec\.ts would all be a\.spec\.ts"):
        specs([tmp_path / "one", tmp_path / "two"])


def test_a_folder_without_tests_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(CannotRunError, match="No test file"):
        specs([tmp_path])
    with pytest.raises(CannotRunError, match=r"There is no .*nowhere"):
        specs([tmp_path / "nowhere"])


def test_the_ending_tells_the_language() -> None:
    assert [Language.TYPESCRIPT, Language.JAVASCRIPT] == [language(Path("a.spec.mts")), language(Path("a.test.jsx"))]
    with pytest.raises(CannotRunError, match="Its ending is none of"):
        language(Path("a.py"))


def test_a_byte_order_mark_is_no_part_of_the_script(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_bytes(b"\xef\xbb\xbf//")

    assert "//" == source(tmp_path / "a.ts")
