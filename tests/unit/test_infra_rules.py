"""The AWS Solutions rules, over the whole app; what is acknowledged has its reason at the construct (infra/reviewed.py)."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.settings import Settings


@pytest.mark.usefixtures("assertions")  # they know where Node is
@pytest.mark.parametrize("settings", [Settings(), Settings(database="external")], ids=["aurora", "external"])
def test_no_rule_is_broken_without_a_reason(settings: Settings, tmp_path: Path) -> None:
    from infra.app import build  # noqa: PLC0415  as above
    from infra.base import BaseStack  # noqa: PLC0415

    app, _ = build(outdir=str(tmp_path), settings=settings)
    BaseStack(app, "matinee-base", name="matinee")

    assert [] == _looked_at(app, tmp_path)


@pytest.mark.usefixtures("assertions")
def test_the_rules_see_what_is_wrong(tmp_path: Path) -> None:
    """Else the above would hold of anything."""
    from aws_cdk import App, Stack  # noqa: PLC0415
    from aws_cdk import aws_s3 as s3  # noqa: PLC0415

    app = App(outdir=str(tmp_path), analytics_reporting=False)
    s3.Bucket(Stack(app, "careless"), "Open")

    assert {"AwsSolutions-S1", "AwsSolutions-S10"} <= set(_looked_at(app, tmp_path))


def _looked_at(app: Any, folder: Path) -> list[str]:
    """Synthesize, and give the rules that are broken."""
    from aws_cdk import Validations  # noqa: PLC0415
    from cdk_nag import AwsSolutionsChecks  # noqa: PLC0415

    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as error:
        if "validation-report.json" not in str(error):
            raise
    return sorted(_broken(json.loads((folder / "validation-report.json").read_text())))


def _broken(report: Any) -> list[str]:
    if isinstance(report, list):
        return [one for part in report for one in _broken(part)]
    if not isinstance(report, dict):
        return []
    if "AwsSolutions" in str(report.get("ruleName")):
        return [report["ruleName"]]
    return [one for part in report.values() for one in _broken(part)]
