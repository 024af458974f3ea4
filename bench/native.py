"""The peer: `playwright test` with the pinned runtime's own Node, Playwright and Chromium, and the same recordings as ours."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

_CONFIG = """\
module.exports = {
  testDir: __dirname, fullyParallel: true, reporter: [['html', { open: 'never' }]],
  use: { trace: 'on', screenshot: 'on', launchOptions: { args: ['--disable-gpu'], chromiumSandbox: false } },
};
"""


def runtime() -> Path:
    """Install the pinned runtime if need be; give its folder."""
    return Path(subprocess.check_output([sys.executable, "layers/playwright/install.py"], text=True).strip())


class Native:
    """A project folder with these files in it, by name."""

    def __init__(self, folder: Path, runtime: Path, files: Mapping[str, str]) -> None:
        self._folder = folder
        self._runtime = runtime
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in {"playwright.config.cjs": _CONFIG, **files}.items():
            (folder / name).write_text(text)
        (folder / "node_modules").symlink_to(runtime / "node_modules")

    def test(self, *, workers: int = 1) -> float:
        """Run all of it with `playwright test`; give the seconds it took.

        Raises:
            subprocess.CalledProcessError: if a test failed.
        """
        return self.run(str(self._runtime / "node_modules" / "playwright" / "cli.js"), "test", f"--workers={workers}")

    def run(self, *command: str) -> float:
        """Run a file with Node; give the seconds it took."""
        environment = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(self._runtime / "browsers"), "CI": "1"}
        node = str(self._runtime / "bin" / "node")
        began = time.perf_counter()
        subprocess.run([node, *command], cwd=self._folder, env=environment, check=True, capture_output=True)
        return time.perf_counter() - began
