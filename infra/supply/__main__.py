"""`python -m infra.supply check` holds the locks and what is known of their packages to account; `sbom` writes down what there is."""

import argparse
import sys
from datetime import UTC, datetime

from infra.supply import sbom
from infra.supply.advisories import Answer, ask, judge
from infra.supply.allowed import Allowed
from infra.supply.locks import faults


def main() -> int:
    """Do what the command line says; 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m infra.supply", description=__doc__)
    modes = parser.add_subparsers(dest="mode", required=True)
    modes.add_parser("check", help="fail if something is not locked, or known to be vulnerable")
    writing = modes.add_parser("sbom", help="write CycloneDX files into .cache/sbom")
    writing.add_argument(
        "--image", help="an image of functions/run_test, as it was built: its Debian packages are listed too"
    )
    arguments = parser.parse_args()
    return check() if arguments.mode == "check" else write(arguments.image)


def check() -> int:
    """Tell what is wrong, and what could not be checked."""
    allowed = Allowed.read()
    answers = ask()
    for answer in answers:
        sys.stderr.write(f"  supply: {_told(answer)}\n")
    wrong = [*faults(allowed), *judge(answers, allowed.vulnerabilities, today=datetime.now(UTC).date())]
    sys.stderr.writelines(f"supply: {each}\n" for each in wrong)
    return 1 if wrong else 0


def _told(answer: Answer) -> str:
    if answer.silent:
        return (
            f"NOT CHECKED: {answer.lock}, for known vulnerabilities: {answer.source} did not answer ({answer.silent})"
        )
    found = len(answer.advisories)
    return f"{answer.lock}: {found or 'no'} known {'vulnerability' if found == 1 else 'vulnerabilities'}, says {answer.source}"


def write(image: str | None) -> int:
    """Write the bills, and say where."""
    for file in sbom.write(image=image):
        sys.stdout.write(f"{file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
