"""The zip functions' bundles: built from the lock file, without Docker. The same input gives the same bytes."""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from infra.release import BUNDLES

ROOT = Path(__file__).parents[2]
#: Where bundles are built, in a folder for each version of Python.
RELEASE = ROOT / ".cache" / "release"
#: The installed runtime, and in it `@babel/parser` as one file: submit reads scripts with it.
RUNTIME = ROOT / "layers" / "playwright" / ".runtime"
_PARSER = RUNTIME / "node_modules" / "@babel" / "parser" / "lib" / "index.js"
#: What Lambda's Python 3.13 runs on: Amazon Linux 2023, whose glibc is 2.34. `manylinux2014` would silently take an older psycopg.
PLATFORM = "x86_64-manylinux_2_28"
PYTHON = "3.13"
#: Lambda takes so much of a zip file that is uploaded as it is: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MOST_BYTES = 50_000_000
#: botocore describes some 400 services in 25 MB; our functions know these.
_SERVICES = {"dynamodb", "kms", "lambda", "s3", "scheduler", "secretsmanager", "sqs", "sts"}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file knows
#: Left out of packages: what only installers, linters and their own authors read.
_NEEDLESS = {"tests", "RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "py.typed", "bin"}


class BuildError(Exception):
    """Something cannot be built; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A function's zip file."""

    name: str
    file: Path
    digest: str  #: of what is in it, not of how it is packed

    @property
    def key(self) -> str:
        """Where it lies in its bucket."""
        return f"{self.name}-{self.digest}.zip"


def build(into: Path | None = None, *, python: str = PYTHON) -> list[Bundle]:
    """Build all bundles into a folder, for Lambda's Python unless another one is to run them.

    Args:
        into: The folder, unless it is the usual one; packages in it that have not changed are kept.
        python: The version of Python, such as 3.13.

    Raises:
        BuildError: if a package has no wheel, or a bundle is larger than Lambda takes.
    """
    folder = into or RELEASE / python
    folder.mkdir(parents=True, exist_ok=True)
    return [_bundle(name, folder, python=python) for name in BUNDLES]


def _bundle(name: str, into: Path, *, python: str) -> Bundle:
    packages, ours = into / f"{name}.packages", into / f"{name}.ours"
    _install(name, packages, python=python)
    _copy(name, ours, python=python)
    found = dict(sorted([*_packages(packages), *_packages(ours)]))
    digest = hashlib.sha256(python.encode())
    for place, file in found.items():
        content = file.read_bytes()
        digest.update(f"{place} {len(content)}\n".encode() + content)
    bundle = Bundle(name=name, file=into / f"{name}.zip", digest=digest.hexdigest()[:16])
    with zipfile.ZipFile(bundle.file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for place, file in found.items():
            entry = zipfile.ZipInfo(place, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if place.endswith(".sh") else 0o644) << 16
            packed.writestr(entry, file.read_bytes())
    if (size := bundle.file.stat().st_size) > MOST_BYTES:
        raise BuildError(
            f"The bundle of {name} has {size:,} bytes, and Lambda takes {MOST_BYTES:,}: leave something out."
        )
    return bundle


def _install(name: str, folder: Path, *, python: str) -> None:
    """Install the bundle's packages of the lock file, for Lambda's platform, unless they are there."""
    wanted = _run("export", "--frozen", "--only-group", f"bundle-{name.replace('_', '-')}", "--no-emit-project")
    stamp = folder / ".wanted"
    compiler = compiler_of(python)
    told = f"{python} {PLATFORM} {'compiled' if compiler else 'source'}\n{wanted}"
    if stamp.exists() and stamp.read_text() == told:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    requirements = folder.with_suffix(".txt")
    requirements.write_text(wanted)
    target = ["--target", str(folder), "--python-platform", PLATFORM, "--python-version", python]
    _run(
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "--no-deps",
        "--only-binary",
        ":all:",
        *target,
        "-r",
        str(requirements),
    )
    _compile(folder, compiler)
    stamp.write_text(told)


def _copy(name: str, folder: Path, *, python: str) -> None:
    """Copy our own files."""
    shutil.rmtree(folder, ignore_errors=True)
    for place, file in _ours(name):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / place)
    _compile(folder, compiler_of(python))


@cache
def compiler_of(python: str) -> str | None:
    """Give a Python of that version, if this machine has one: what it compiles, Lambda's reads.

    Lambda's code cannot be written to, so whatever is not compiled here is compiled at every cold start, which takes longer than
    everything else there is to load (`python -m bench.imports`).
    """
    for candidate in (sys.executable, f"python{python}"):
        asked = [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        with suppress(OSError):
            done = subprocess.run(asked, capture_output=True, text=True, check=False)
            if done.stdout.strip() == python:
                return candidate
    return None


def _compile(folder: Path, compiler: str | None) -> None:
    """Compile all modules of the folder, for good: neither dates nor sources are looked at later.

    In one process, or the bytes would differ. What cannot be compiled is some package's template, which nobody loads.
    """
    if compiler:
        how = ["-m", "compileall", "-qq", "--invalidation-mode", "unchecked-hash"]
        subprocess.run([compiler, *how, "-s", str(folder), "-p", "/var/task", str(folder)], check=False)


def _run(*arguments: str) -> str:
    uv = Path(sys.executable).with_name("uv")
    done = subprocess.run([str(uv), *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"uv {arguments[0]} failed:\n{done.stderr.strip()[-2000:]}")
    return done.stdout


def _packages(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in folder.rglob("*"):
        place = file.relative_to(folder)
        if (
            file.is_file()
            and not _NEEDLESS.intersection(place.parts)
            and place.name != ".wanted"
            and not _unknown(place)
        ):
            yield place.as_posix(), file


def _unknown(place: Path) -> bool:
    """Whether botocore describes something here that no function of ours talks to."""
    if place.suffix == ".pyi" or place.parts[:2] == ("boto3", "examples"):
        return True
    return place.parts[:2] == ("botocore", "data") and len(place.parts) > 3 and place.parts[2] not in _SERVICES  # noqa: PLR2004  data/SERVICE/VERSION/file


def _ours(name: str) -> Iterator[tuple[str, Path]]:
    """Give our own files: the function's folder, and what all share."""
    shared = [ROOT / "functions" / "__init__.py", ROOT / "functions" / "telemetry.py"]
    for file in [*shared, *(ROOT / "functions" / name).rglob("*")]:
        if file.suffix == ".py":
            yield file.relative_to(ROOT).as_posix(), file
    for file in (ROOT / "src" / "matinee").rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file.relative_to(ROOT / "src").as_posix(), file
    start = ROOT / "functions" / name / "run.sh"
    if start.exists():
        yield "run.sh", start
    if name == "submit":
        yield "parser/index.js", _PARSER
