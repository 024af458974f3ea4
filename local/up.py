"""`matinee up`: the stack in the foreground."""

import os
import signal
import subprocess
import sys
import threading
from types import FrameType
from typing import NoReturn

from local.errors import StackError
from local.options import Options
from local.processes import DIE_WITH_US, hide
from local.stack import Stack
from local.template import ROOT
from matinee.cli import browser

_EXAMPLES = ROOT / "examples"


def main(*, once: bool = False) -> int:
    """Start the stack and keep it up until Ctrl-C; with `once`, run the examples on it and stop.

    Gives the exit code: with `once` that of `matinee run`; 2 if the stack cannot run.
    """
    hide()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` had it ignored
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    try:
        stack = Stack(Options.from_environment(say=_say))
        stack.start()
    except StackError as error:
        _say(f"matinee: {error.detail}")
        return 2
    except KeyboardInterrupt:
        return 130
    try:
        if once:
            code = _run_examples(stack)
            _say("That was all: Matinee stops. Without ONCE=1 (or --once) it stays up, and so do the reports.")
            return code
        _say(f"Matinee is up at {stack.url} (key: {stack.home.key_file}, logs: {stack.home.logs}). Ctrl-C ends it.")
        _say(f"Sign in: {stack.sign_in_link()} (works once, within 24 hours; `matinee sign-in` prints another)")
        if browser.is_here():
            browser.show(stack.sign_in_link())
        threading.Event().wait()
    except KeyboardInterrupt:
        _say("stopping")
    finally:
        stack.stop()
    return 0


def _run_examples(stack: Stack) -> int:
    specs = sorted(str(path) for path in _EXAMPLES.glob("*.spec.*"))
    command = [*DIE_WITH_US, sys.executable, "-m", "matinee.cli", "run", *specs, "--server", stack.url]
    environment = {**os.environ, "MATINEE_API_KEY": stack.api_key, "MATINEE_HOME": str(stack.home.path)}
    return subprocess.run(command, env=environment, check=False).returncode


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main(once="--once" in sys.argv[1:]))
