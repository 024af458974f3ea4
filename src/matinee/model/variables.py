"""The rules for the variables that a script is given in `process.env`."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_VARIABLES = 100
#: All names and values together, in bytes of JSON: they travel in the message.
MAX_VARIABLES_BYTES = 64_000
#: A shorter secret is guessed, and found by chance in what is none: all of a run's output would be full of holes.
MIN_SECRET_CHARACTERS = 6
#: Room for a private key in PEM; each of its forms is looked for in all that a run leaves.
MAX_SECRET_BYTES = 8_192

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

#: Names that are not a script's to give, and what they belong to. A script has no need of them, and a run that breaks
#: for such a reason looks like Matinee's fault.
_TAKEN = {
    "LD_": "the dynamic loader",
    "DYLD_": "the dynamic loader",
    "GLIBC_": "the C library",
    "MALLOC_": "the C library",
    "NODE_": "Node.js",
    "NPM_": "npm",
    "PLAYWRIGHT_": "Playwright",
    "PW_": "Playwright",
    "PWTEST_": "Playwright",
    "PWDEBUG": "Playwright",
    "TEST_WORKER_INDEX": "Playwright",
    "TEST_PARALLEL_INDEX": "Playwright",
    "MATINEE_": "Matinee",
    "AWS_LAMBDA_": "Lambda",
    "LAMBDA_": "Lambda",
    "XDG_": "the browser's folders",
    "FONTCONFIG_": "the browser's fonts",
    "CHROME_": "the browser",
}
_TAKEN_EXACTLY = {
    "PATH": "the search for programs",
    "HOME": "the run's folder",
    "TMPDIR": "the run's folder",
    "TMP": "the run's folder",
    "TEMP": "the run's folder",
    "PWD": "the run's folder",
    "SHELL": "the shell",
    "IFS": "the shell",
    "ENV": "the shell",
    "BASH_ENV": "the shell",
}


@dataclass(frozen=True)
class Given:
    """What a script is given."""

    variables: Mapping[str, str]
    secrets: tuple[str, ...] = ()  #: those values among them that nothing of a run may show

    def __repr__(self) -> str:
        """Show no value, wherever it is printed."""
        return f"Given({len(self.variables)} variables, {len(self.secrets)} secrets)"


#: No variables at all.
NOTHING_GIVEN = Given({})


def check_secret(value: str) -> None:
    """Refuse a secret that could not be kept out of what a run leaves.

    Raises:
        ValueError: naming the rule; never the value.
    """
    if len(value) < MIN_SECRET_CHARACTERS or len(value.strip()) < MIN_SECRET_CHARACTERS:
        raise ValueError(
            f"a secret has {MIN_SECRET_CHARACTERS} characters or more, blanks around it not counted: a shorter one would be found everywhere"
        )
    if len(value.encode()) > MAX_SECRET_BYTES:
        raise ValueError(f"a secret has {MAX_SECRET_BYTES:,} bytes at the most")


def check_variables(variables: Mapping[str, str]) -> None:
    """Refuse variables that cannot be given to a script.

    Raises:
        ValueError: naming the variable and the rule; never a value.
    """
    if len(variables) > MAX_VARIABLES:
        raise ValueError(f"there are {len(variables)} variables; {MAX_VARIABLES} are the most")
    for name, value in variables.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name[:100]!r} is no variable's name: letters, digits and _ only, no digit first")
        if owner := _owner(name.upper()):
            raise ValueError(f"{name[:100]} belongs to {owner}; take another name")
        if "\0" in value:
            raise ValueError(f"the value of {name[:100]} has a NUL character")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError(f"the value of {name[:100]} has half of a surrogate pair")
    size = len(json.dumps(dict(variables)))
    if size > MAX_VARIABLES_BYTES:
        raise ValueError(f"the variables have {size:,} bytes together; {MAX_VARIABLES_BYTES:,} are the most")


def _owner(name: str) -> str | None:
    by_prefix = (owner for prefix, owner in _TAKEN.items() if name.startswith(prefix))
    return _TAKEN_EXACTLY.get(name) or next(by_prefix, None)
