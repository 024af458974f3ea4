"""Where the stack's AWS resources live: in the embedded emulator."""

from collections.abc import Sequence

from local import environment
from local.deploy import Deployed, Deployment, deployed_name
from local.dispatch import Dispatcher
from local.emulator import Emulator
from local.home import Home
from local.options import Options
from local.own import places
from local.pool import Function, InvocationError

#: The functions that events reach; the others are HTTP apps.
INVOKED = ("plan_job", "run_test", "track_runs", "merge_report", "scheduled", "sweep")
#: Where their handlers are, of those that share another's folder.
_MODULES = {"scheduled": "functions.submit.scheduled"}


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
        self.environment, self.session = self.emulator.environment, self.emulator.session

    @property
    def running(self) -> bool:
        """Whether the emulator lives."""
        return self.emulator.running

    def start(self) -> None:
        """Start the emulator; return when it answers."""
        self.emulator.launch()
        self.emulator.wait()

    def deploy(self, template: str, *, database_url: str, urls: Sequence[str]) -> dict[str, Deployed]:
        """Deploy the stack and let workers serve its functions, whose scripts reach neither what is behind `urls` nor anything here."""
        parameters = {
            # Our workers run the functions from this checkout; the emulator never looks at their code.
            "BundlesBucket": "none",
            "RunnerImageUri": "checkout",
            "DatabaseSecretArn": "none",
        }
        deployment = Deployment(self.session, endpoint=self.endpoint)
        deployed = deployment.deploy(template, parameters=parameters, concurrency=self._options.workers)
        own = places([*urls, self.endpoint, self.dispatcher.origin], database_url=database_url)
        self.dispatcher.serve(self._function(name, deployed[name], database_url, own) for name in INVOKED)
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

    def _function(self, name: str, deployed: Deployed, database_url: str, own: str) -> Function:
        environ = environment.for_function(
            name,
            deployed,
            aws=self.environment,
            database_url=database_url,
            scratch=self._home.scratch,
            vault_key=self._home.vault_key,
            own=own,
        )
        return Function(
            name=name,
            module=_MODULES.get(name, f"functions.{name}.handler"),
            timeout_seconds=deployed.timeout_seconds,
            environment=environ,
            workers=self._options.workers if name == "run_test" else 1,
            warm=True,
        )
