"""The programs of the pinned runtime, on this machine."""
# ruff: noqa: PLC0415 - imports stand inside: a function loads only what it uses, and run_test has no Postgres driver

from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from matinee import settings
from matinee.bootstrap.parts import Part

if TYPE_CHECKING:
    from matinee.model.confinement import Confinement
    from matinee.runner.execution import Runner
    from matinee.runner.report import ReportStep
    from matinee.runner.warm import Place
    from matinee.usecases.syntax import Parser


@Part
def place() -> "Place":
    """Give where and how programs of the pinned runtime run on this machine."""
    from matinee.runner.probe import choose
    from matinee.runner.warm import Place

    told = settings.load(settings.RunnerSettings)
    runtime, resolv_conf = Path(told.matinee_runtime).resolve(), Path("/etc/resolv.conf")
    return Place(
        runtime=runtime,
        sandbox=choose(told.matinee_sandbox, runtime=runtime),
        memory_bytes=told.matinee_memory_mb << 20,
        disk_bytes=told.matinee_disk_mb << 20,
        egress=told.egress(resolv_conf=resolv_conf.read_text(encoding="utf-8") if resolv_conf.is_file() else ""),
        tmp=Path(gettempdir()) if told.aws_lambda_runtime_api else None,  # in Lambda it is the environment's own
    )


def confinement() -> "Confinement":
    """Give how scripts are confined on this machine."""
    from matinee.model.confinement import Confinement

    told, sandbox = settings.load(settings.RunnerSettings), place().sandbox
    return Confinement(
        sandbox=sandbox.kind,
        own_uid=sandbox.uid is not None,
        hardened=sandbox.hardened,
        egress=told.matinee_egress if sandbox.gated else "off",
        in_lambda=bool(told.aws_lambda_runtime_api),
    )


@Part
def runner() -> "Runner":
    """Give what executes scripts on this machine."""
    from matinee.runner.execution import Runner

    return Runner(place())


@Part
def reports() -> "ReportStep":
    """Give what makes reports on this machine."""
    from matinee.runner.report import ReportStep

    return ReportStep(place())


@Part
def parser() -> "Parser":
    """Give the parser of scripts."""
    from matinee.usecases.syntax import Parser

    return Parser(Path(settings.load(settings.ParserSettings).matinee_parser))
