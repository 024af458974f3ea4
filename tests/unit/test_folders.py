"""What scripts have nested and locked can be removed."""

import os
from pathlib import Path

import pytest

from matinee.runner.folders import remove


def nested(folder: Path, depth: int) -> None:
    """Make folders in each other, with a file in each, deeper than a name can be long."""
    before = Path.cwd()
    os.chdir(folder)
    for _ in range(depth):
        Path("file").touch()
        Path("deep").mkdir()
        os.chdir("deep")
    os.chdir(before)


@pytest.mark.parametrize("depth", [1, 1_500])
def test_a_folder_goes_however_deep_it_is(tmp_path: Path, depth: int) -> None:
    """Deeper than Python's recursion and than the kernel's names."""
    folder = tmp_path / "top"
    folder.mkdir()
    nested(folder, depth)

    remove(folder)

    assert not folder.exists()


def test_a_locked_folder_goes_too(tmp_path: Path) -> None:
    """Its owner took every right from it, and from what is in it."""
    inner = tmp_path / "top" / "locked" / "in"
    inner.mkdir(parents=True)
    (inner / "file").touch()
    for folder in (inner, inner.parent, inner.parent.parent):
        folder.chmod(0)

    remove(inner.parent.parent)

    assert not inner.parent.parent.exists()


def test_a_link_goes_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    """At the top, in a folder, and where nothing is at its end."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    (tmp_path / "top").mkdir()
    links = [tmp_path / "link", tmp_path / "top" / "link", tmp_path / "top" / "broken"]
    for link in links[:2]:
        link.symlink_to(tmp_path / "elsewhere")
    links[2].symlink_to("nowhere")
    nested(tmp_path / "top", 1_200)

    for path in (links[0], tmp_path / "top", tmp_path / "was-never-there"):
        remove(path)

    assert [tmp_path / "elsewhere"] == list(tmp_path.iterdir())
    assert (tmp_path / "elsewhere" / "file").exists()
