"""What the `matinee` command understands."""

import argparse
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from matinee.cli import examples
from matinee.model.schedule import Missed, Overlap


def parser() -> argparse.ArgumentParser:
    """Make the parser; `command` of what it gives names the command: `run`, or `tests push`."""
    made = argparse.ArgumentParser(
        prog="matinee",
        description="Playwright tests on serverless functions.",
        epilog="environment: MATINEE_SERVER, MATINEE_API_KEY, MATINEE_PORT (8400), MATINEE_HOME (.matinee), MATINEE_OPEN (0: open no browser by itself)",
    )
    made.add_argument("--version", action="version", version=f"matinee {version('matinee')}")
    commands = made.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _run(_leaf(commands, "run", "run Playwright test files, all at the same time", examples.RUN_EXAMPLES))
    tests = _group(commands, "tests", "saved tests: push, list")
    _push(_leaf(tests, "tests push", "make saved tests of the test files of a folder", examples.PUSH_EXAMPLES))
    _list(_leaf(tests, "tests list", "list saved tests")).add_argument(
        "--tag", action="append", default=[], metavar="T", help="only those with this tag, and each other that is given"
    )
    jobs = _group(commands, "jobs", "jobs, which are many tests together: run, schedule, list")
    job = _leaf(jobs, "jobs run", "run all tests of a job, many at once", examples.JOB_EXAMPLES)
    job.add_argument("name", type=str.strip, metavar="NAME", help="the job's name")
    _variables(job)
    _telling(job)
    _schedule(_leaf(jobs, "jobs schedule", "let a job run by itself, or show when it does", examples.SCHEDULE_EXAMPLES))
    _list(_leaf(jobs, "jobs list", "list jobs"))
    runs = _group(commands, "runs", "runs: rerun, share")
    again = _leaf(runs, "runs rerun", "run the tests of a run again that did not pass", examples.RERUN_EXAMPLES)
    again.add_argument("run_id", metavar="RUN_ID")
    again.add_argument("--all", action="store_true", help="also those that passed")
    _telling(again)
    shared = _leaf(runs, "runs share", "print a link with which anybody reads a run's report", examples.SHARE_EXAMPLES)
    shared.add_argument("run_id", metavar="RUN_ID")
    shared.add_argument("--days", type=_whole(at_least=1), metavar="N", default=7, help="it is good for N days (7)")
    shared.add_argument("--name", default="the command line", metavar="TEXT", help="whom it is for")
    _server(shared)
    _saved_variables(_group(commands, "variables", "what scripts read as process.env.NAME: list, set, unset"))
    opened = _leaf(commands, "open", "print a link that opens a run's report in a browser for an hour")
    opened.add_argument("run_id", metavar="RUN_ID")
    opened.add_argument("--browser", action="store_true", help="open it, too")
    _server(opened)
    sign_in = _leaf(
        commands,
        "sign-in",
        "print a link that signs a browser in, once, and open it if there is one here",
        "The session is the key's: it ends when that is revoked. The link works for 15 minutes.",
    )
    sign_in.add_argument("--no-browser", dest="browser", action="store_false", help="only print it")
    _server(sign_in)
    up = _leaf(commands, "up", "start the local stack; Ctrl-C ends it")
    up.add_argument("--once", action="store_true", help="run the examples, then stop")
    deploy = _leaf(commands, "deploy", "deploy to the AWS account that AWS_PROFILE or the like names", examples.DEPLOY)
    _cloud(deploy)
    deploy.add_argument("--image", metavar="URI", help="the image of run_test, instead of one that is built here")
    down = _leaf(commands, "destroy", "take a deployment out of the account again")
    _cloud(down)
    down.add_argument(
        "--keep-data",
        action="store_true",
        help="keep the artifacts of runs, the database's last snapshot, and the key of variables",
    )
    return made


def _cloud(leaf: argparse.ArgumentParser) -> None:
    leaf.add_argument("--settings", type=Path, metavar="FILE", help="what differs from the defaults (matinee.toml)")
    leaf.add_argument("--yes", action="store_true", help="ask nothing")


def _group(commands: Any, name: str, about: str) -> Any:
    group = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
    return group.add_subparsers(dest="command", metavar="COMMAND", required=True)


def _leaf(commands: Any, name: str, about: str, more: str | None = None) -> argparse.ArgumentParser:
    leaf: argparse.ArgumentParser = commands.add_parser(
        name.rsplit(maxsplit=1)[-1],
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    leaf.set_defaults(command=name)
    return leaf


def _run(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a TypeScript or JavaScript file")
    command.add_argument(
        "--json", action="store_true", help="print one JSON document when all have ended, nothing else"
    )
    _playwright(command, "stop each run after S seconds (60)")
    _variables(command)
    _server(command)


def _push(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "places", nargs="+", type=Path, metavar="DIR|FILE", help="each *.spec.ts, *.test.js, … below DIR"
    )
    command.add_argument("--tag", action="append", metavar="T", help="give the tests this tag, and each other given")
    job = command.add_argument_group("job")
    job.add_argument("--job", type=str.strip, metavar="NAME", help="make the job of that name have exactly these tests")
    job.add_argument("--parallelism", type=_whole(at_least=1), metavar="N", help="so many tests at once (10)")
    job.add_argument(
        "--stop-after", type=_whole(at_least=1), metavar="N", help="begin no more after N failures (never)"
    )
    _playwright(job, "stop each test file after S seconds (60)")
    _server(command)


def _schedule(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", type=str.strip, metavar="NAME", help="the job's name")
    command.add_argument("--cron", metavar="EXPRESSION", help="five fields of cron, @daily, rate(15 minutes), …")
    command.add_argument("--timezone", metavar="ZONE", help="whose clock: Europe/Berlin, … (UTC)")
    command.add_argument(
        "--overlap",
        choices=[policy.value for policy in Overlap],
        help="while a run has not ended, the next is skipped, queued behind it, or replaces it (skip)",
    )
    command.add_argument(
        "--missed",
        choices=[policy.value for policy in Missed],
        help="whether the last tick that nobody was there for is made up for (skip)",
    )
    command.add_argument("--starts-at", metavar="TIME", help="not before: 2027-01-01T00:00:00Z")
    command.add_argument("--ends-at", metavar="TIME", help="not after")
    state = command.add_mutually_exclusive_group()
    state.add_argument("--pause", dest="enabled", action="store_false", default=None, help="keep it, but do not fire")
    state.add_argument("--resume", dest="enabled", action="store_true", default=None, help="fire again")
    state.add_argument("--off", action="store_true", help="take the schedule away")
    _server(command)


def _playwright(command: argparse._ActionsContainer, timeout: str) -> None:
    command.add_argument("--timeout", type=_whole(at_least=1), metavar="S", help=timeout)
    command.add_argument(
        "--retries", type=_whole(at_least=0), metavar="N", help="let Playwright retry failed tests (0)"
    )
    command.add_argument("--base-url", metavar="URL", help="Playwright's use.baseURL")


def _variables(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--var",
        action="append",
        default=[],
        type=_variable,
        metavar="NAME=VALUE",
        help="what the script reads as process.env.NAME; several times for several",
    )


def _saved_variables(commands: Any) -> None:
    leaves = [
        _leaf(commands, "variables list", "list variables, without the values of secrets"),
        put := _leaf(commands, "variables set", "save a variable", examples.SET_EXAMPLES),
        out := _leaf(commands, "variables unset", "delete a variable"),
    ]
    for leaf in (put, out):
        leaf.add_argument("name", metavar="NAME")
    put.add_argument("value", nargs="?", metavar="VALUE")
    put.add_argument("--secret", action="store_true", help="never show it again; 6 characters or more")
    for leaf in leaves:
        leaf.add_argument(
            "--job", type=str.strip, metavar="JOB", help="of the job of that name, not of the whole workspace"
        )
        _server(leaf)


def _telling(command: argparse.ArgumentParser) -> None:
    command.add_argument("--wait", action="store_true", help="show how it goes until it has ended")
    command.add_argument("--junit", type=Path, metavar="FILE", help="wait, and write the results there as JUnit XML")
    command.add_argument("--json", action="store_true", help="print one JSON document, nothing else")
    _server(command)


def _list(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("--search", metavar="TEXT", help="only those with this in their texts")
    _server(command)
    return command


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
