"""What the `matinee` command understands."""

import argparse
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    """Make the parser; `command` of what it gives names the command."""
    made = argparse.ArgumentParser(
        prog="matinee",
        description="Playwright tests on serverless functions.",
        epilog="Environment: MATINEE_SERVER, MATINEE_API_KEY, MATINEE_PORT (8400), MATINEE_HOME (.matinee).",
    )
    made.add_argument("--version", action="version", version=f"matinee {version('matinee')}")
    commands = made.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _run(
        commands.add_parser(
            "run",
            help="run Playwright test files",
            description="Run Playwright test files, all at the same time, and show how they go.",
            epilog="Exit code: 0 all passed, 1 some failed or timed out, 2 some could not run. "
            "If no server is named and none is up on this machine, a temporary one is started.",
        )
    )
    _open(
        commands.add_parser(
            "open",
            help="print a link that opens a run's report",
            description="Print a link that opens a run's report in a browser for an hour.",
        )
    )
    up = commands.add_parser("up", help="start the local stack", description="Start the local stack; Ctrl-C ends it.")
    up.add_argument("--once", action="store_true", help="run the examples, then stop")
    return made


def _run(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a .ts, .mts, .cts, .js, .mjs or .cjs file"
    )
    command.add_argument(
        "--json", action="store_true", help="print one JSON document when all have ended, nothing else"
    )
    command.add_argument("--timeout", type=_whole(at_least=1), metavar="S", help="stop each run after S seconds (60)")
    command.add_argument(
        "--retries", type=_whole(at_least=0), metavar="N", help="let Playwright retry failed tests (0)"
    )
    command.add_argument("--base-url", metavar="URL", help="Playwright's use.baseURL")
    command.add_argument(
        "--var",
        action="append",
        default=[],
        type=_variable,
        metavar="NAME=VALUE",
        help="what the script reads as process.env.NAME; several times for several",
    )
    _server(command)


def _open(command: argparse.ArgumentParser) -> None:
    command.add_argument("run_id", metavar="RUN_ID")
    command.add_argument("--browser", action="store_true", help="open it, too")
    _server(command)


def _server(command: argparse.ArgumentParser) -> None:
    command.add_argument("--server", metavar="URL", help="the Matinee to use (MATINEE_SERVER, http://127.0.0.1:8400)")


def _whole(*, at_least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and int(text) >= at_least):
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {at_least} on")
        return int(text)

    return number


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError("give it as NAME=VALUE")  # what was given may be a secret
    return name, value
