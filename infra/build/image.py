"""The image of run_test and merge_report: built by whatever builds images here, and pushed to the account's repository."""

import base64
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import boto3

from infra.build.bundles import ROOT, BuildError

DOCKERFILE = ROOT / "functions" / "run_test" / "Dockerfile"
#: What the image is made of, beside the Dockerfile: its tag is a hash of that.
_SOURCES = ("functions", "src", "layers/playwright", "uv.lock", "requirements-uv.txt", "pyproject.toml")
PROGRAMS = ("docker", "podman", "finch", "nerdctl")


def tag() -> str:
    """Give the tag of the image that this checkout makes: the same for the same files."""
    digest = hashlib.sha256()
    for file in _files():
        digest.update(file.relative_to(ROOT).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def push(repository: str, *, session: boto3.Session, say: Callable[[str], None]) -> str:
    """Build the image and push it, unless it is there; give its URI.

    Raises:
        BuildError: if there is nothing here that builds images, or it fails.
    """
    ecr, name = session.client("ecr"), repository.partition("/")[2]
    uri = f"{repository}:{tag()}"
    try:
        ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": tag()}])
    except ecr.exceptions.ImageNotFoundException:
        pass
    else:
        return uri
    program = next((found for found in PROGRAMS if shutil.which(found)), None)
    if program is None:
        raise BuildError(
            f"The image of run_test needs one of {', '.join(PROGRAMS)}, and none is here."
            " Install one, or name an image that was pushed from elsewhere: --image."
        )
    say(f"The image, with {program}")
    build = ["--platform", "linux/amd64", "--file", str(DOCKERFILE), "--tag", uri, str(ROOT)]
    _run(program, "build", *(["--provenance=false"] if program == "docker" else []), *build)  # Lambda takes no index
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    _run(program, "login", "--username", user, "--password-stdin", repository.partition("/")[0], told=password)
    _run(program, "push", uri)
    return uri


def _files() -> list[Path]:
    found: list[Path] = []
    for name in _SOURCES:
        place = ROOT / name
        found += [place] if place.is_file() else sorted(one for one in place.rglob("*") if one.is_file())
    return [
        one
        for one in found
        if not any(part in {"__pycache__", "node_modules"} or part.startswith(".runtime") for part in one.parts)
    ]


def _run(program: str, *arguments: str, told: str | None = None) -> None:
    if subprocess.run([program, *arguments], input=told, text=True, check=False).returncode:
        raise BuildError(f"`{program} {arguments[0]}` failed; it has said why.")
