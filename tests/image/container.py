"""The image as Lambda runs it: nothing to write to but /tmp, a uid without a name or a home, no /dev/shm, so much memory."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.image.runtime_api import RuntimeApi
from tests.image.tools import ToolError, Tools

MEMORY_MB = 2048
#: What Lambda's own uid is.
UID = 993

_LOAD_SECONDS = 60.0
_MOST_SECONDS = 1800  # should nobody be there any more to end it
_PEAK = ("memory.peak", "memory.max_usage_in_bytes")  # of cgroups v2, and v1


@dataclass(frozen=True)
class Left:
    """What there is in a container between two events."""

    processes: int
    threads: int
    descriptors: int  #: of the function's own process, but for sockets: connections to AWS are kept
    files: frozenset[str]  #: in /tmp


class Container:
    """One execution environment of one function."""

    def __init__(
        self, tools: Tools, image: str, *, function: str, environment: Mapping[str, str], timeout_s: float = 120
    ) -> None:
        self._tools = tools
        self.api = RuntimeApi(f"matinee-{function.replace('_', '-')}", timeout_s=timeout_s)
        entry = json.loads(tools.run("podman", "image", "inspect", image))[0]["Config"]["Entrypoint"]
        told = {
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            "AWS_LAMBDA_FUNCTION_NAME": f"matinee-{function.replace('_', '-')}",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY_MB),
            "AWS_LAMBDA_LOG_GROUP_NAME": "log",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "LAMBDA_TASK_ROOT": "/var/task",
            "TZ": ":UTC",
            **environment,
        }
        began = time.monotonic()
        self.id = tools.run(
            "podman", "run", "--detach", "--network", "host", "--read-only", "--read-only-tmpfs=false", "--ipc", "none",
            "--user", f"{UID}:990", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--pids-limit", "1024",
            "--memory", f"{MEMORY_MB}m", "--timeout", str(_MOST_SECONDS), "--tmpfs", "/tmp:rw,exec,size=512m,mode=1777", "--no-healthcheck", "--no-hosts",
            *[f"--env={name}={value}" for name, value in told.items()],
            "--entrypoint", json.dumps(["env", "--unset=HOME", *entry]),
            image, f"functions.{function}.handler.handler",
        )  # fmt: skip
        try:
            self._pid = int(tools.run("podman", "inspect", "--format", "{{.State.Pid}}", self.id))
            self.api.wait_until_asked(_LOAD_SECONDS)
        except BaseException:
            self.close()
            raise
        assert self.api.first_asked is not None
        self.init_ms = (self.api.first_asked - began) * 1000  #: from podman's start to the first question for an event

    def left(self) -> Left:
        """Look what there is now."""
        own = Path(f"/proc/{self._pid}")
        space = _target(own / "ns" / "pid")
        ours = [process for process in Path("/proc").glob("[0-9]*") if _target(process / "ns" / "pid") == space]
        tmp = own / "root" / "tmp"
        return Left(
            processes=len(ours),
            threads=sum(len(list((process / "task").glob("*"))) for process in ours),
            descriptors=len([one for one in (own / "fd").iterdir() if not str(_target(one)).startswith("socket:")]),
            files=frozenset(str(path.relative_to(tmp)) for path in tmp.rglob("*")),
        )

    @property
    def peak_mb(self) -> float | None:
        """The most memory that it has held, files in /tmp and cached ones too; None where there are no cgroups."""
        for line in Path(f"/proc/{self._pid}/cgroup").read_text().splitlines():
            _, kinds, place = line.split(":", 2)
            if kinds in {"", "memory"}:
                for name in _PEAK:
                    file = Path("/sys/fs/cgroup", kinds, place.lstrip("/"), name)
                    if file.exists():
                        return int(file.read_text()) / (1 << 20)
        return None

    def log(self) -> str:
        """Give what it has printed."""
        return self._tools.run("podman", "logs", self.id)

    def close(self) -> None:
        """End it, and remove it."""
        try:
            self._tools.run("podman", "rm", "--force", "--time", "0", self.id)
        except ToolError:
            self._tools.run("podman", "rm", "--force", self.id)
        self.api.close()


def _target(link: Path) -> Path | None:
    try:
        return link.readlink()
    except OSError:  # it has ended since
        return None
