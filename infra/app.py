"""`python -m infra.app [FOLDER]` synthesizes the stack; `cdk` runs it by cdk.json and names the folder itself."""

import sys

from aws_cdk import App, DefaultStackSynthesizer

from infra.settings import Settings
from infra.stack import MatineeStack
from infra.versions import Versions


def build(*, outdir: str | None = None, settings: Settings | None = None) -> tuple[App, MatineeStack]:
    """Put the app together; `App.synth` writes it to `outdir`."""
    chosen = settings or Settings()
    app = App(outdir=outdir, analytics_reporting=False)
    stack = MatineeStack(
        app,
        chosen.name,
        settings=chosen,
        versions=Versions.pinned(),
        synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
        description="Matinee: Playwright tests on serverless functions.",
    )
    return app, stack


if __name__ == "__main__":
    build(outdir=next(iter(sys.argv[1:]), None))[0].synth()
