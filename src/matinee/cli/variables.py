"""`matinee variables list`, `set` and `unset`: what scripts read as process.env.NAME."""

import getpass
import sys
from urllib.parse import quote

from matinee.cli.api import Api
from matinee.cli.lists import Columns, minute, show
from matinee.cli.schedule import job_of
from matinee.cli.server import CannotRunError, Server
from matinee.cli.text import safe_line


async def list_variables(server: Server, *, job: str | None) -> int:
    """Print the variables of the workspace, or of a job; give the exit code."""
    columns: Columns = {
        "NAME": lambda variable: variable["name"],
        "VALUE": lambda variable: "(secret)" if variable["secret"] else variable["value"],
        "SAVED": lambda variable: minute(variable["updatedAt"]),
        "BY": lambda variable: variable["updatedBy"],
    }
    async with Api(server) as api:
        show(columns, (await api.ask("GET", await _place(api, job)))["items"])
    return 0


async def set_variable(server: Server, name: str, value: str, *, secret: bool, job: str | None) -> int:
    """Save a variable; give the exit code."""
    async with Api(server) as api:
        path = f"{await _place(api, job)}/{quote(name, safe='')}"
        await api.ask("PUT", path, json={"value": value, "secret": secret})
    return 0


async def unset_variable(server: Server, name: str, *, job: str | None) -> int:
    """Delete a variable; give the exit code."""
    async with Api(server) as api:
        await api.delete(f"{await _place(api, job)}/{quote(name, safe='')}")
    return 0


def value_of(name: str, given: str | None, *, secret: bool) -> str:
    """Give the value to save: the one given, else what is typed unseen, or comes through a pipe, without its last line break.

    Raises:
        CannotRunError: if a secret stands on the command line, where others see it.
    """
    if given is not None and secret:
        raise CannotRunError(
            "What stands on a command line is seen by others of this machine, and kept by your shell. Leave the value of a"
            " secret out: you are asked for it, or it is read from a pipe."
        )
    if given is not None:
        return given
    if sys.stdin.isatty():
        return getpass.getpass(f"{safe_line(name)}: ")
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")


async def _place(api: Api, job: str | None) -> str:
    return f"/api/jobs/{(await job_of(api, job))['id']}/variables" if job else "/api/variables"
