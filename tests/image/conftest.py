"""The image and a cloud for it, once in a session; environments of its functions."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.image.built import build
from tests.image.cloud import Cloud
from tests.image.container import Container
from tests.image.tools import ROOT, Tools, missing

Start = Callable[[str], Container]


@pytest.fixture(scope="session")
def tools() -> Iterator[Tools]:
    """What builds and runs images. Its storage stays, so that the next time builds only what has changed."""
    if lacking := missing():
        pytest.skip(lacking)
    tools = Tools(ROOT / ".cache" / "image")
    yield tools
    tools.close()


@pytest.fixture(scope="session")
def image(tools: Tools) -> str:
    """The name of the image of this checkout."""
    return build(tools, ROOT / ".cache" / "image")


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """AWS, as far as the image's functions know it."""
    cloud = Cloud(tmp_path_factory.mktemp("cloud"))
    yield cloud
    cloud.close()


@pytest.fixture
def start(tools: Tools, image: str, cloud: Cloud) -> Iterator[Start]:
    """Give what starts an environment of a function; it ends with the test."""
    with ExitStack() as closing:

        def start(function: str) -> Container:
            container = Container(tools, image, function=function, environment=cloud.environment(function))
            closing.callback(container.close)
            return container

        yield start


@pytest.fixture
def runner(start: Start) -> Container:
    """An environment of run_test."""
    return start("run_test")


@pytest.fixture(scope="session")
def scripts() -> Path:
    """The scripts that the runner's own tests have."""
    return ROOT / "tests" / "integration" / "scripts"
