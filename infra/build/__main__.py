"""`python -m infra.build` makes what is deployed, into .cache/release, and says how large it is."""

import sys

from infra.build.bundles import RELEASE, BuildError, build
from infra.release import Release


def main() -> None:
    """Build the bundles, and write down where they will lie."""
    try:
        bundles = build()
    except BuildError as error:
        sys.exit(str(error))
    for bundle in bundles:
        sys.stdout.write(f"{bundle.file.stat().st_size / 1e6:6.1f} MB  {bundle.key}\n")
    Release(bundles={bundle.name: bundle.key for bundle in bundles}).write(RELEASE / "release.json")


if __name__ == "__main__":
    main()
