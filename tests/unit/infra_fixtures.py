"""The synthesized templates."""

import tempfile
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from local.template import search_path

if TYPE_CHECKING:
    from aws_cdk.assertions import Template


@pytest.fixture(scope="module")
def assertions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """CDK's assertions. Importing them starts Node, which must be ours, and leaves its files where they will go."""
    with pytest.MonkeyPatch.context() as patch:
        scratch = str(tmp_path_factory.mktemp("cdk"))
        patch.setenv("PATH", search_path())
        patch.setenv("TMPDIR", scratch)
        patch.setattr(tempfile, "tempdir", scratch)
        from aws_cdk import assertions  # noqa: PLC0415  see above

        yield assertions


@pytest.fixture(scope="module")
def template(assertions: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> "Template":
    """The whole stack as it is deployed by default, synthesized once: CDK takes seconds."""
    from infra.app import build  # noqa: PLC0415  as above

    _, stack = build(outdir=str(tmp_path_factory.mktemp("cdk.out")))
    made: Template = assertions.Template.from_stack(stack)
    return made


@pytest.fixture(scope="module")
def embedded(assertions: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> "Template":
    """The part of it that the embedded stack takes: the functions, what feeds them, and what they may do."""
    from infra.app import EMBEDDED, build  # noqa: PLC0415  as above

    _, stack = build(outdir=str(tmp_path_factory.mktemp("cdk.out")), settings=EMBEDDED)
    made: Template = assertions.Template.from_stack(stack)
    return made


@pytest.fixture
def match(assertions: ModuleType) -> Any:
    """CDK's matchers."""
    return assertions.Match
