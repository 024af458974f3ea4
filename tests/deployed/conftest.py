"""The whole stack, deployed as `matinee deploy` does it, into the emulator, which enforces each role.

Its zip functions run from their bundles, in processes of the emulator's, with the credentials of their roles. run_test and merge_report, which
would need Docker there, run in workers of ours with the credentials of theirs; so do the two that stream, behind a stand-in for their adapter.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from infra.build import template as building
from infra.build.bundles import RELEASE
from infra.deploy import run
from local.dispatch import Dispatcher
from local.emulator import REGION, Emulator, aws_environment
from local.environment import RUNTIME, _base
from local.pool import Function
from local.postgres import EmbeddedPostgres

#: The emulator runs bundles under its own Python, whatever their functions ask for.
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
#: Those that the emulator does not run itself, and the modules that do.
PLAYED = {
    "run_test": "functions.run_test.handler",
    "merge_report": "functions.merge_report.handler",
    "status_stream": "tests.deployed.adapter",
    "report_proxy": "tests.deployed.adapter",
}
SERVICES = "apigateway,cloudformation,cloudfront,cloudwatch,dynamodb,ec2,ecr,events,iam,kms,lambda,logs,monitoring,rds,s3,scheduler,secretsmanager,sns,sqs,sts"
SETTINGS = """
database = "external"
run_concurrency = 2
merge_concurrency = 2
"""


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """What was deployed, and the way in."""

    url: str
    key: str
    settings: Path
    said: list[str]  #: what the deployment told
    outputs: dict[str, str]
    session: boto3.Session
    endpoint: str
    conninfo: str
    decisions: Path  #: each request that a role's policy was asked about, one JSON document a line

    def client(self, service: Any, **credentials: str) -> Any:
        """Give a client: the account's owner, unless credentials are given."""
        return self.session.client(service, endpoint_url=self.endpoint, region_name=REGION, **credentials)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory, runtime: Path) -> Iterator[Cloud]:  # noqa: ARG001  reports come of it
    """The deployment. Do not break it."""
    home = tmp_path_factory.mktemp("cloud")
    postgres = EmbeddedPostgres(home / "postgres", durable=False)
    dispatcher = Dispatcher(logs=home)
    emulator = Emulator(
        home / "aws",
        log=home / "emulator.log",
        proxies={f"matinee-{name.replace('_', '-')}": dispatcher.url(name) for name in PLAYED},
        services=SERVICES,
        app="tests.deployed.judged:app",
        settings={"AUTH": "true", "DECISIONS": str(home / "decisions.jsonl")},
    )
    try:
        emulator.launch()
        postgres.start()
        emulator.wait()
        yield _deployed(home, postgres=postgres, dispatcher=dispatcher, emulator=emulator)
    finally:
        dispatcher.close()
        emulator.close()
        postgres.stop()


@contextmanager
def pointed_at(endpoint: str) -> Iterator[None]:
    """Let AWS clients of this process find the emulator meanwhile, as `matinee deploy` is told by its environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in aws_environment(endpoint, access_key="test").items():
            patch.setenv(name, value)
        yield


def deploy(settings: Path, said: list[str], *, endpoint: str, database_url: str | None) -> run.Deployed:
    """Deploy this checkout, as `matinee deploy` does it."""
    wishes = run.Wishes(settings=settings, image="checkout", database_url=database_url, yes=True, python=PYTHON)
    with pointed_at(endpoint), pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "synthesize", _buffered)
        return run.deploy(wishes, say=said.append, pause_s=0.05)


def _deployed(
    home: Path,
    *,
    postgres: EmbeddedPostgres,
    dispatcher: Dispatcher,
    emulator: Emulator,
) -> Cloud:
    settings = home / "matinee.toml"
    settings.write_text(SETTINGS)
    said: list[str] = []
    deployed = deploy(settings, said, endpoint=emulator.endpoint, database_url=postgres.conninfo)
    assert deployed.first_key
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    cloud = Cloud(
        url=deployed.url,
        key=deployed.first_key,
        settings=settings,
        said=said,
        outputs=deployed.outputs,
        session=session,
        endpoint=emulator.endpoint,
        conninfo=postgres.conninfo,
        decisions=home / "decisions.jsonl",
    )
    dispatcher.serve([_played(cloud, name, module, home) for name, module in PLAYED.items()])
    return cloud


def _buffered(*arguments: Any, **more: Any) -> dict[str, str]:
    """Synthesize what the emulator can answer: it knows no response transfer mode STREAM."""
    templates = building.synthesize(*arguments, **more)
    for name, text in templates.items():
        whole = text.replace('"ResponseTransferMode":"STREAM",', "").replace(
            "/response-streaming-invocations", "/invocations"
        )
        made = json.loads(whole.replace("2021-11-15/functions", "2015-03-31/functions"))
        for resource in made["Resources"].values():
            if "AWS::ApiGateway::RestApi" == resource["Type"]:  # what does not stream may be binary only if it is named
                resource["Properties"]["BinaryMediaTypes"] = ["*/*"]
        templates[name] = json.dumps(made)
    return templates


def _played(cloud: Cloud, name: str, module: str, home: Path) -> Function:
    """Make a worker that may do what the function's role may do, and sees what the function sees."""
    deployed = cloud.client("lambda").get_function_configuration(FunctionName=f"matinee-{name.replace('_', '-')}")
    own = {
        **_base(home),
        **deployed["Environment"]["Variables"],
        **aws_environment(cloud.endpoint, access_key="test"),
        **credentials_of(cloud, deployed["Role"]),
        "AWS_LAMBDA_FUNCTION_NAME": deployed["FunctionName"],
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployed["MemorySize"]),
        "MATINEE_FUNCTION_ARN": deployed["FunctionArn"],
        "MATINEE_RUNTIME": str(RUNTIME),
        "BUNDLE": str(RELEASE / PYTHON / f"{name}.zip"),
    }
    return Function(
        name=name,
        module=module,
        timeout_seconds=deployed["Timeout"],
        environment=own,
        workers=2,
        warm=name == "run_test",
    )


def credentials_of(cloud: Cloud, role: str) -> dict[str, str]:
    """Take a role on, as Lambda does; that the account's owner may do so is the only thing added to it."""
    iam, name = cloud.client("iam"), role.rpartition("/")[2]
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    owner = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(
        RoleName=name, PolicyDocument=json.dumps({**trust, "Statement": [*trust["Statement"], owner]})
    )
    given = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="worker")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


@pytest.fixture
def api(cloud: Cloud) -> Iterator[httpx.Client]:
    """Somebody with the first key, who asks API Gateway."""
    with httpx.Client(base_url=cloud.url, headers={"Authorization": f"Bearer {cloud.key}"}, timeout=120) as client:
        yield client
