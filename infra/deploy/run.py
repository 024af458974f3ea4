"""`matinee deploy` and `matinee destroy`, from the first question to the last line."""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import boto3

from infra.build.bundles import PYTHON, ROOT, RUNTIME, BuildError, Bundle, build, compiler_of
from infra.build.image import push
from infra.build.template import synthesize
from infra.deploy.deployer import Deployer
from infra.deploy.errors import DeployError
from infra.deploy.stacks import Change, CloudStack
from infra.release import Release
from infra.settings import SETTINGS, Settings, SettingsError

WEB = ROOT / "web" / "dist"


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What came of it."""

    url: str
    outputs: dict[str, str]
    first_key: str | None  #: shown once; None if there was a key already


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the command line says."""

    settings: Path | None = None
    image: str | None = None  #: instead of one that is built here
    database_url: str | None = None
    yes: bool = False  #: ask nothing
    python: str = PYTHON  #: what the bundles are built for


def deploy(wishes: Wishes, *, say: Callable[[str], None], pause_s: float = 3.0) -> Deployed:
    """Deploy what this checkout is; whatever is there already and the same stays as it is.

    Raises:
        DeployError: with what to do.
    """
    deployer = _deployer(wishes, say, pause_s)
    settings = deployer.settings
    say(f"Deploying {settings.name} to {deployer.who()}")
    with tempfile.TemporaryDirectory(prefix="matinee-deploy-") as scratch:
        bundles = _bundles(wishes, say)
        templates = _templates(Path(scratch), wishes, bundles)
        say("Where the code goes")
        _apply(deployer.base, {"TemplateBody": templates[deployer.base.name]}, {}, yes=True)
        base = deployer.base.outputs()
        bucket = base["BundlesBucket"]
        deployer.upload_bundles(bundles, bucket=bucket)
        parameters = {
            "BundlesBucket": bucket,
            "RunnerImageUri": wishes.image or push(base["Images"], session=deployer.session, say=say),
        }
        if settings.database == "external":
            parameters["DatabaseSecretArn"] = deployer.database_secret(wishes.database_url)
        say("What changes")
        template = deployer.put_template(templates[deployer.stack.name], bucket=bucket)
        change = deployer.stack.prepare(template=template, parameters=parameters)
        if change is None:
            say("  nothing")
        else:
            _confirm(change, say, yes=wishes.yes)
            migrate = next(bundle for bundle in bundles if bundle.name == "migrate")
            deployer.migrate_ahead(migrate, bucket=bucket)
            deployer.stack.execute(change)
    outputs = deployer.stack.outputs()
    say("The database")
    key = deployer.migrate({"firstKey": "first key"})["key"]
    deployer.publish(WEB, RUNTIME, outputs=outputs)
    return Deployed(url=deployer.address(outputs), outputs=outputs, first_key=key)


def passing_key(wishes: Wishes, *, say: Callable[[str], None]) -> str:
    """Make a key that is good for a quarter of an hour."""
    key: str = _deployer(wishes, say, 0).migrate({"passingKey": "matinee deploy"})["key"]
    return key


def destroy(wishes: Wishes, *, keep_data: bool, say: Callable[[str], None], pause_s: float = 3.0) -> None:
    """Take everything out again; with `keep_data` the runs' artifacts, a last snapshot of the database and the key of variables stay.

    Raises:
        DeployError: with what to do.
    """
    deployer = _deployer(wishes, say, pause_s)
    who = deployer.who()
    if (
        not wishes.yes
        and input(f"Destroy {deployer.settings.name} in {who}? Its name, to go on: ") != deployer.settings.name
    ):
        raise DeployError("Nothing was destroyed.")
    if deployer.stack.status():
        outputs = deployer.stack.outputs()
        deployer.release_schedules()
        deployer.unprotect()
        if bucket := outputs.get("WebBucket"):
            deployer.empty(bucket)
        deployer.stack.delete()
        if not keep_data:
            deployer.forget(outputs["ArtifactsBucket"])
            if deployer.settings.vault and not deployer.settings.vault_key_arn:
                deployer.forget_key(outputs["VaultKey"])
    if deployer.base.status():
        deployer.empty(deployer.base.outputs()["BundlesBucket"])
        deployer.forget_images()
        deployer.base.delete()
    kept = "Gone; the artifacts bucket, the database's last snapshot and the key of variables are kept."
    say(kept if keep_data else "Gone.")


def _deployer(wishes: Wishes, say: Callable[[str], None], pause_s: float) -> Deployer:
    file = wishes.settings or (SETTINGS if SETTINGS.exists() else None)
    try:
        settings = Settings.read(file)
    except SettingsError as error:
        raise DeployError(str(error)) from error
    session = boto3.Session(region_name=os.environ.get("AWS_REGION"))  # boto3 itself reads AWS_DEFAULT_REGION alone
    return Deployer(session=session, settings=settings, say=say, pause_s=pause_s)


def _bundles(wishes: Wishes, say: Callable[[str], None]) -> list[Bundle]:
    say("The functions' code")
    try:
        bundles = build(python=wishes.python)
    except BuildError as error:
        raise DeployError(str(error)) from error
    if not compiler_of(wishes.python):
        say(
            f"  There is no Python {wishes.python} here that could compile it, so the functions will begin more slowly."
        )
    for bundle in bundles:
        say(f"  {bundle.file.stat().st_size / 1e6:5.1f} MB  {bundle.name}")
    return bundles


def _templates(scratch: Path, wishes: Wishes, bundles: Sequence[Bundle]) -> dict[str, str]:
    release = scratch / "release.json"
    Release(bundles={bundle.name: bundle.key for bundle in bundles}).write(release)
    settings = ["--settings", str(wishes.settings.resolve())] if wishes.settings else []
    try:
        return synthesize(scratch / "cdk.out", "--release", str(release), *settings)
    except BuildError as error:
        raise DeployError(str(error)) from error


def _apply(stack: CloudStack, template: dict[str, str], parameters: dict[str, str], *, yes: bool) -> None:
    change = stack.prepare(template=template, parameters=parameters)
    if change:
        _confirm(change, stack.say, yes=yes)
        stack.execute(change)


def _confirm(change: Change, say: Callable[[str], None], *, yes: bool) -> None:
    for line in change.lines:
        say(f"  {line}")
    if change.replaces:
        say(f"{len(change.replaces)} are made anew, and what is in them is lost: {', '.join(change.replaces)}")
    if yes:
        return
    if not sys.stdin.isatty():
        raise DeployError("Nobody is there to be asked; --yes goes on without.")
    if input("Go on? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise DeployError("Nothing was changed.")
