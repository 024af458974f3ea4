"""The `matinee` command."""

import asyncio
import os
import sys
import webbrowser
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path

from matinee.cli.api import Api
from matinee.cli.arguments import parser
from matinee.cli.browser import show
from matinee.cli.job import Telling, rerun, run_job
from matinee.cli.lists import list_jobs, list_tests
from matinee.cli.push import push
from matinee.cli.run import Wish, run_files
from matinee.cli.schedule import schedule_job
from matinee.cli.server import CannotRunError, Server, answers, home, locate, named, port
from matinee.cli.text import say
from matinee.cli.variables import list_variables, set_variable, unset_variable, value_of

_CANNOT_RUN = 2
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say (the process' own unless given); give the exit code."""
    chosen = parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without ✓ gets a question mark
    try:
        return _COMMANDS[chosen.command](chosen)
    except CannotRunError as error:
        say(f"matinee: {error.detail}")
        return _CANNOT_RUN
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # who read our output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _CANNOT_RUN


def _run(chosen: Namespace) -> int:
    wish = Wish(
        timeout_seconds=chosen.timeout, retries=chosen.retries, base_url=chosen.base_url, variables=dict(chosen.var)
    )
    with _server(chosen.server) as server:
        return asyncio.run(run_files(server, chosen.files, wish=wish, as_json=chosen.json))


def _push(chosen: Namespace) -> int:
    settings = {
        "parallelism": chosen.parallelism,
        "retries": chosen.retries,
        "timeoutSeconds": chosen.timeout,
        "baseUrl": chosen.base_url,
        "stopAfterFailures": chosen.stop_after,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    if given and not chosen.job:
        raise CannotRunError("These settings are a job's: name it with --job.")
    with _server(chosen.server) as server:
        return asyncio.run(push(server, chosen.places, tags=chosen.tag, job=chosen.job, settings=given))


def _list_tests(chosen: Namespace) -> int:
    return asyncio.run(list_tests(locate(chosen.server), search=chosen.search, tags=chosen.tag))


def _list_jobs(chosen: Namespace) -> int:
    return asyncio.run(list_jobs(locate(chosen.server), search=chosen.search))


def _run_job(chosen: Namespace) -> int:
    with _server(chosen.server) as server:
        telling = _telling(chosen, server)
        return asyncio.run(run_job(server, chosen.name, variables=dict(chosen.var), telling=telling))


def _schedule_job(chosen: Namespace) -> int:
    asked = {
        "cron": chosen.cron,
        "timezone": chosen.timezone,
        "enabled": chosen.enabled,
        "overlap": chosen.overlap,
        "missed": chosen.missed,
        "startsAt": chosen.starts_at,
        "endsAt": chosen.ends_at,
    }
    wanted = {name: value for name, value in asked.items() if value is not None}
    if chosen.off and wanted:
        raise CannotRunError("--off takes the schedule away; there is nothing to set then.")
    return asyncio.run(schedule_job(locate(chosen.server), chosen.name, wanted=wanted, off=chosen.off))


def _list_variables(chosen: Namespace) -> int:
    return asyncio.run(list_variables(locate(chosen.server), job=chosen.job))


def _set_variable(chosen: Namespace) -> int:
    value = value_of(chosen.name, chosen.value, secret=chosen.secret)
    return asyncio.run(set_variable(locate(chosen.server), chosen.name, value, secret=chosen.secret, job=chosen.job))


def _unset_variable(chosen: Namespace) -> int:
    return asyncio.run(unset_variable(locate(chosen.server), chosen.name, job=chosen.job))


def _rerun(chosen: Namespace) -> int:
    with _server(chosen.server) as server:
        only = "all" if chosen.all else "failed"
        return asyncio.run(rerun(server, chosen.run_id, only=only, telling=_telling(chosen, server)))


def _telling(chosen: Namespace, server: Server) -> Telling:
    wait = chosen.wait or chosen.junit is not None or server.is_temporary
    return Telling(wait=wait, junit=chosen.junit, as_json=chosen.json)


def _open(chosen: Namespace) -> int:
    url = asyncio.run(_report_url(locate(chosen.server), chosen.run_id))
    sys.stdout.write(f"{url}\n")
    if chosen.browser:
        webbrowser.open(url)
    return 0


async def _report_url(server: Server, run_id: str) -> str:
    async with Api(server) as api:
        return await api.report_url(run_id)


def _share(chosen: Namespace) -> int:
    url = asyncio.run(_shared_url(locate(chosen.server), chosen))
    sys.stdout.write(f"{url}\n")
    return 0


async def _shared_url(server: Server, chosen: Namespace) -> str:
    async with Api(server) as api:
        return await api.shared_url(chosen.run_id, name=chosen.name, days=chosen.days)


def _sign_in(chosen: Namespace) -> int:
    url = asyncio.run(_sign_in_url(locate(chosen.server)))
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    if chosen.browser and show(url):
        say("It is open in your browser. It works once, so for another browser ask for another.")
    return 0


async def _sign_in_url(server: Server) -> str:
    async with Api(server) as api:
        return await api.sign_in_url()


def _up(chosen: Namespace) -> int:
    _require_checkout()
    from local.up import main as up  # noqa: PLC0415 - only this command needs it

    return up(once=chosen.once)


def _deploy(chosen: Namespace) -> int:
    _require_checkout()
    from matinee.cli.cloud import deploy  # noqa: PLC0415 - only this command needs it

    return deploy(chosen)


def _destroy(chosen: Namespace) -> int:
    _require_checkout()
    from matinee.cli.cloud import destroy  # noqa: PLC0415 - only this command needs it

    return destroy(chosen)


def _require_checkout() -> None:
    """Refuse to start a stack where `local` was installed without what it stands on."""
    local = find_spec("local")
    if local is None or not local.origin or not (Path(local.origin).parents[1] / "layers").is_dir():
        raise CannotRunError(
            "This needs a checkout of Matinee. To use one that runs elsewhere, name it: --server or MATINEE_SERVER."
        )


_COMMANDS: Mapping[str, Callable[[Namespace], int]] = {
    "run": _run,
    "tests push": _push,
    "tests list": _list_tests,
    "jobs run": _run_job,
    "jobs schedule": _schedule_job,
    "jobs list": _list_jobs,
    "runs rerun": _rerun,
    "runs share": _share,
    "variables list": _list_variables,
    "variables set": _set_variable,
    "variables unset": _unset_variable,
    "open": _open,
    "sign-in": _sign_in,
    "up": _up,
    "deploy": _deploy,
    "destroy": _destroy,
}


@contextmanager
def _server(option: str | None) -> Iterator[Server]:
    """Give the server that was named; if none was, and none is up here, one that lives as long as it is needed."""
    server = locate(option)
    if named(option) or answers(server):
        yield server
        return
    _require_checkout()
    say(f"No Matinee answers at {server.url}; starting one for this.")
    with _temporary_server() as temporary:
        yield temporary
    say("That Matinee has stopped. `matinee up` shows what it has again.")


@contextmanager
def _temporary_server() -> Iterator[Server]:
    from local.errors import StackError  # noqa: PLC0415 - as for `up`
    from local.processes import hide  # noqa: PLC0415
    from local.stack import temporary  # noqa: PLC0415

    try:
        hide()
        with temporary(home(), port(), say=say) as stack:
            yield Server(stack.url, stack.api_key, is_temporary=True)
    except StackError as error:
        raise CannotRunError(error.detail) from error
