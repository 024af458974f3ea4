"""What keeps scripts from the machine that runs them, as a worker found it, and what of that is missing."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

_MISSING = {
    "sandbox": "Scripts run without a sandbox: they read and write what the user can that Matinee runs as.",
    "files": "Scripts run as another user, but without a sandbox: they see the machine's files and programs.",
    "egress": "Nobody watches over where scripts connect to, for this machine's kernel does not allow it.",
    "hardened": "Scripts can call all of the kernel, for it does not let us narrow that.",
}


class Confinement(BaseModel):
    """What a worker says of itself."""

    model_config = ConfigDict(frozen=True)

    sandbox: Literal["bubblewrap", "uid", "none"]
    own_uid: bool  #: whether scripts are another user than the worker
    hardened: bool  #: whether the kernel's calls that no test needs are closed to them
    egress: Literal["public", "open", "off"]  #: where they may connect to; off: anywhere, for nobody can see to it
    in_lambda: bool  #: whether the worker has a machine of its own, in which there is nothing but it

    def missing(self) -> Iterator[str]:
        """Say what is not as it should be, in sentences."""
        if self.sandbox == "none" and not self.in_lambda:
            yield _MISSING["sandbox"]
        if self.sandbox == "uid":
            yield _MISSING["files"]
        if self.egress == "off":
            yield _MISSING["egress"]
        if not self.hardened:
            yield _MISSING["hardened"]
