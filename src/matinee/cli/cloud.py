"""`matinee deploy` and `matinee destroy`."""

import asyncio
import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from infra.build.bundles import ROOT, BuildError
from infra.deploy import run
from infra.deploy.errors import DeployError
from matinee.cli.run import Wish, run_files
from matinee.cli.server import CannotRunError, Server
from matinee.cli.text import say

_EXAMPLE = ROOT / "examples" / "shop.spec.ts"


def deploy(chosen: Namespace) -> int:
    """Deploy, say where it answers, and run the example there."""
    wishes = run.Wishes(
        settings=chosen.settings, image=chosen.image, database_url=os.environ.get("DATABASE_URL"), yes=chosen.yes
    )
    with _told():
        deployed = run.deploy(wishes, say=say)
        key = run.passing_key(wishes, say=say)
    say(f"{_EXAMPLE.name}, run there")
    code = asyncio.run(run_files(Server(deployed.url, key), [_EXAMPLE], wish=Wish(), as_json=False))
    sys.stdout.write(f"\nMatinee is at {deployed.url}\n")
    if deployed.first_key:
        sys.stdout.write(f"Sign in with this key; it is not shown again: {deployed.first_key}\n")
    return code


def destroy(chosen: Namespace) -> int:
    """Take everything out of the account again."""
    with _told():
        run.destroy(run.Wishes(settings=chosen.settings, yes=chosen.yes), keep_data=chosen.keep_data, say=say)
    return 0


@contextmanager
def _told() -> Iterator[None]:
    """Tell in a sentence why it does not go on."""
    try:
        yield
    except DeployError as error:
        raise CannotRunError(error.detail) from error
    except BuildError as error:
        raise CannotRunError(str(error)) from error
    except (ClientError, BotoCoreError) as error:  # a permission that is missing, say
        raise CannotRunError(f"AWS refuses: {error}") from error
