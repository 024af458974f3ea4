"""`python -m infra.app FOLDER` synthesizes the stack; `cdk` runs it by cdk.json and names the folder itself.

--settings FILE   what differs from the defaults (infra/settings.py); matinee.toml if there is one
--release FILE    what `python -m infra.build` has written; without one the bundles are only named
--embedded        for the embedded stack, which has its own front and database
"""

import argparse
from pathlib import Path

from aws_cdk import App, DefaultStackSynthesizer

from infra.base import BaseStack
from infra.release import Release
from infra.settings import SETTINGS, Settings
from infra.stack import MatineeStack
from infra.versions import Versions

#: What the embedded stack leaves out, for it has its own.
EMBEDDED = Settings(
    run_memory_mb=2048, front=False, vault=False, database="external", tracing=False, sweep_rests_seconds=0
)


def build(
    *, outdir: str | None = None, settings: Settings | None = None, release: Release | None = None
) -> tuple[App, MatineeStack]:
    """Put the app together; `App.synth` writes it to `outdir`."""
    chosen = settings or Settings()
    app = App(outdir=outdir, analytics_reporting=False)
    stack = MatineeStack(
        app,
        chosen.name,
        settings=chosen,
        versions=Versions.pinned(),
        release=release or Release.unbuilt(),
        synthesizer=_plain(),
        description="Matinee: Playwright tests on serverless functions.",
    )
    return app, stack


def _plain() -> DefaultStackSynthesizer:
    """Ask for no bootstrap stack of CDK's: there are no assets."""
    return DefaultStackSynthesizer(generate_bootstrap_version_rule=False)


def main() -> None:
    """Synthesize as the command line says."""
    told = argparse.ArgumentParser()
    told.add_argument("folder", nargs="?")
    told.add_argument("--settings", type=Path, default=SETTINGS if SETTINGS.exists() else None)
    told.add_argument("--release", type=Path)
    told.add_argument("--embedded", action="store_true")
    given = told.parse_args()
    settings = EMBEDDED if given.embedded else Settings.read(given.settings)
    release = Release.read(given.release) if given.release else None
    app, _ = build(outdir=given.folder, settings=settings, release=release)
    if not given.embedded:
        BaseStack(app, f"{settings.name}-base", name=settings.name, synthesizer=_plain())
    app.synth()


if __name__ == "__main__":
    main()
