"""Where the stack's AWS resources live: in the embedded emulator, or behind an endpoint of the user's."""

import os
from typing import Protocol

import boto3

from local import environment
from local.deploy import Deployed, Deployment, deployed_name
from local.dispatch import Dispatcher
from local.emulator import CREDENTIALS, REGION, Emulator, aws_environment
from local.home import Home
from local.options import Options
from local.pool import Function, InvocationError

#: The functions that events reach; the others are HTTP apps.
INVOKED = ("plan_job", "run_test", "track_runs", "merge_report", "scheduled", "sweep")
#: Where their handlers are, of those that share another's folder.
_MODULES = {"scheduled": "functions.submit.scheduled"}


class Aws(Protocol):
    """What the stack needs of the one or the other."""

    endpoint: str  #: the URL that AWS clients take
    environment: dict[str, str]  #: what points a process at it
    session: boto3.Session

    @property
    def running(self) -> bool:
        """Whether it lives, as far as that is ours to see to."""

    def start(self) -> None:
        """Start it; return when it answers."""

    def deploy(self, template: str, *, database_url: str) -> dict[str, Deployed]:
        """Deploy the stack; give its functions."""

    def begin(self) -> None:
        """Begin to work: redeliver what was lost with a memory, get ready for more."""

    def close(self) -> None:
        """End what we started."""


class EmbeddedAws:
    """The emulator, and the workers behind it."""

    def __init__(self, home: Home, options: Options) -> None:
        self._home = home
        self._options = options
        self.dispatcher = Dispatcher(logs=home.logs)
        self.emulator = Emulator(
            home.path / "aws",
            log=home.logs / "emulator.log",
            proxies={deployed_name(function): self.dispatcher.url(function) for function in INVOKED},
        )
        self.endpoint = self.emulator.endpoint
        self.environment = aws_environment(self.endpoint)
        self.session = boto3.Session(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )

    @property
    def running(self) -> bool:
        """Whether the emulator lives."""
        return self.emulator.running

    def start(self) -> None:
        """Start the emulator; return when it answers."""
        self.emulator.launch()
        self.emulator.wait()

    def deploy(self, template: str, *, database_url: str) -> dict[str, Deployed]:
        """Deploy the stack and let workers serve its functions."""
        parameters = {
            # Our workers run the functions from this checkout; the emulator never looks at their code.
            "BundlesBucket": "none",
            "BundleVersion": "checkout",
            "RunnerImageUri": "checkout",
            "DatabaseUrl": database_url,
        }
        deployment = Deployment(self.session, endpoint=self.endpoint)
        deployed = deployment.deploy(template, parameters=parameters, concurrency=self._options.workers)
        self.dispatcher.serve(self._function(name, deployed[name]) for name in INVOKED)
        return deployed

    def begin(self) -> None:
        """Redeliver all that the emulator's memory lost; then warm up."""
        try:
            self.dispatcher.invoke("sweep", {"everything": True})
        except InvocationError as error:
            self._options.say(f"the sweep failed; the next one is due in a minute: {error.detail}")
        self.dispatcher.warm()

    def close(self) -> None:
        """End workers and emulator."""
        self.dispatcher.close()
        self.emulator.close()

    def _function(self, name: str, deployed: Deployed) -> Function:
        return Function(
            name=name,
            module=_MODULES.get(name, f"functions.{name}.handler"),
            timeout_seconds=deployed.timeout_seconds,
            environment=environment.for_function(name, deployed, aws=self.environment, scratch=self._home.scratch),
            workers=self._options.workers if name == "run_test" else 1,
            warm=True,
        )


class ExternalAws:
    """An endpoint of the user's, LocalStack say, with the user's own credentials. Its functions run there, not here.

    Nobody has verified this with LocalStack yet.
    """

    running = True

    def __init__(self, endpoint: str, options: Options) -> None:
        self.endpoint = endpoint
        self.environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        self.session = boto3.Session(region_name=self.environment.setdefault("AWS_DEFAULT_REGION", REGION))
        self._options = options

    def start(self) -> None:
        """Say what that means."""
        self._options.say(
            f"AWS_ENDPOINT_URL is set: the stack is deployed to {self.endpoint}, and its functions run there, "
            "with the code that MATINEE_BUNDLES_BUCKET, MATINEE_BUNDLE_VERSION and MATINEE_RUNNER_IMAGE_URI name. "
            "This is meant for LocalStack and has not been verified with it."
        )

    def deploy(self, template: str, *, database_url: str) -> dict[str, Deployed]:
        """Deploy the stack with the user's bundles."""
        parameters = {
            "BundlesBucket": os.environ.get("MATINEE_BUNDLES_BUCKET", "none"),
            "BundleVersion": os.environ.get("MATINEE_BUNDLE_VERSION", "none"),
            "RunnerImageUri": os.environ.get("MATINEE_RUNNER_IMAGE_URI", "none"),
            "DatabaseUrl": database_url,
        }
        return Deployment(self.session, endpoint=self.endpoint).deploy(
            template, parameters=parameters, concurrency=None
        )

    def begin(self) -> None:
        """Leave it to the rule that runs every minute."""

    def close(self) -> None:
        """Leave the stack where it is."""
