"""Every figure of the deployment that somebody may want to change, in one place; docs/operations.md says what each is good for."""

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from matinee.model.egress import read_place

#: What CloudWatch can keep logs for.
LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731]
#: Lambda's own limits: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
Megabytes = Annotated[int, Field(ge=512, le=10_240)]
Seconds = Annotated[int, Field(ge=1, le=900)]


def _place(text: str) -> str:
    read_place(text)
    return text


EgressPlace = Annotated[str, AfterValidator(_place)]

#: Where those of a checkout are, if it has any.
SETTINGS = Path(__file__).parents[1] / "matinee.toml"


class SettingsError(Exception):
    """A setting that cannot be; the message names it."""


class Settings(BaseModel):
    """What one deployment is like."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    #: of the stack, and the beginning of each function's name
    name: str = Field(default="matinee", pattern="^[a-z][a-z0-9-]{0,29}$")
    #: the HTTP API, the web UI and the alarms; the embedded stack has its own of these
    front: bool = True
    #: a key of our own in KMS, by which variables are encrypted; the embedded stack has a file
    vault: bool = True
    #: of a key that there is, instead of a new one: that of a deployment of before, say
    vault_key_arn: str = Field(default="", pattern=r"^$|^arn:[\w-]+:kms:")
    #: made here, in a VPC, and paused while nobody needs it; or any Postgres whose URL a secret has
    database: Literal["aurora", "external"] = "aurora"
    #: of 2 GiB each; it begins at none
    aurora_max_acu: float = Field(default=2.0, ge=1, le=256)
    #: after so long without a connection it pauses
    aurora_pause_seconds: int = Field(default=300, ge=300, le=86_400)
    #: how long sweep leaves the database alone while nothing goes on, so that it can pause; 0 lets it look every minute
    sweep_rests_seconds: int = Field(default=21_600, ge=0, le=86_400)
    #: availability zones of the VPC; Aurora wants two
    vpc_zones: int = Field(default=2, ge=2, le=3)
    #: of these, so many have interface endpoints, which cost by the hour
    endpoint_zones: int = Field(default=1, ge=1, le=3)
    #: how long S3 and Postgres keep what a run left behind
    retention_days: int = Field(default=30, ge=1, le=3650)
    log_retention_days: LogDays = 30
    #: of run_test; Lambda gives CPU in proportion. The most that new accounts may have, 1.7 CPUs: docs/operations.md has what others cost
    run_memory_mb: Megabytes = 3008
    #: of that, what the supervisor itself needs; a run's own processes share the rest
    run_reserve_mb: int = Field(default=256, ge=64)
    #: of run_test; Lambda's longest is the default
    run_timeout_seconds: Seconds = 900
    #: of /tmp in run_test: traces, videos and profiles of one run
    run_storage_mb: Megabytes = 2048
    #: environments of run_test for each workspace alone, for where their owners do not trust each other; see docs/operations.md before changing it
    tenant_isolation: bool = False
    #: where scripts may connect to: "public" is the internet and their own machine, "open" private networks as well
    egress: Literal["public", "open"] = "public"
    #: of private networks, what is open after all: "10.20.0.0/16", "10.30.1.4:443", "[fd00::/8]:443"
    egress_allow: list[EgressPlace] = []
    #: how many tests run at once
    run_concurrency: int = Field(default=500, ge=2, le=1000)
    #: at least so many of SQS's provisioned pollers, which are paid by the hour; with none SQS itself sets out slower
    run_pollers: Literal[0] | Annotated[int, Field(ge=2, le=200)] = 0
    #: how often a message is received before it is dead
    attempts: int = Field(default=3, ge=1, le=10)
    #: of submit: less than the 29 s that API Gateway waits
    api_timeout_seconds: int = Field(default=28, ge=3, le=28)
    #: API Gateway turns away what is more
    api_requests_a_second: int = Field(default=100, ge=1)
    #: so many requests at once, before the above counts
    api_burst: int = Field(default=200, ge=1)
    #: give API Gateway's account-wide setting a role to write logs with; false if it has one
    api_log_role: bool = True
    #: of each key and member, unless their workspace has another limit; 0: as often as they like
    requests_per_minute: int = Field(default=3_000, ge=0)
    #: URL of an OpenID Connect issuer with which people sign in; without it they have API keys
    oidc_issuer: str = Field(default="", pattern=r"^$|^https://\S+$")
    #: what this deployment is to the issuer
    oidc_client_id: str = ""
    #: of the Secrets Manager secret that has the client's secret, as plain text; empty for a public client
    oidc_secret_arn: str = Field(default="", pattern=r"^$|^arn:[\w-]+:secretsmanager:")
    #: what people call it
    oidc_name: str = Field(default="single sign-on", min_length=1)
    #: of status_stream and report_proxy: streams are resumed after it
    stream_timeout_seconds: Seconds = 900
    #: of what starts a schedule's run
    tick_timeout_seconds: Seconds = 60
    track_timeout_seconds: Seconds = 60
    #: batches of one shard of the live stream at a time; a run's records stay in order
    track_parallelism: int = Field(default=4, ge=1, le=10)
    #: of a batch that fails, before it is given up; the sweep mends what it carried
    track_retries: int = Field(default=100, ge=0, le=10_000)
    sweep_timeout_seconds: int = Field(default=60, ge=20, le=900)
    plan_timeout_seconds: Seconds = 120
    #: how many runs are planned at once; the default is AWS's least
    plan_concurrency: int = Field(default=2, ge=2, le=1000)
    merge_timeout_seconds: Seconds = 300
    #: of merge_report: the report of a thousand tests is one JSON document in Node
    merge_memory_mb: Megabytes = 2048
    #: how many reports are made at once
    merge_concurrency: int = Field(default=10, ge=2, le=1000)
    #: X-Ray
    tracing: bool = True
    #: who hears of alarms; nobody if empty
    alarm_email: str = Field(default="", pattern="^$|^[^@ ]+@[^@ ]+$")
    #: of the web UI, besides CloudFront's own; with the certificate below
    domain_name: str = ""
    #: of that name, in us-east-1
    certificate_arn: str = Field(default="", pattern="^$|^arn:aws:acm:us-east-1:")

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if self.run_reserve_mb >= self.run_memory_mb:
            raise ValueError("run_reserve_mb must be less than run_memory_mb")
        if self.endpoint_zones > self.vpc_zones:
            raise ValueError("endpoint_zones must not be more than vpc_zones")
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            raise ValueError("oidc_issuer and oidc_client_id go together")
        if self.oidc_issuer and self.database == "aurora":
            raise ValueError(
                'oidc_issuer needs database = "external": with Aurora, submit is in a network that reaches AWS alone'
            )
        if self.front and not self.vault:
            raise ValueError("vault can be false only where front is: whoever saves variables needs a key")
        if bool(self.domain_name) != bool(self.certificate_arn):
            raise ValueError("domain_name and certificate_arn go together")
        return self

    @classmethod
    def read(cls, file: Path | None = None, **overrides: Any) -> "Settings":
        """Read the settings from a TOML file, one `name = value` a line; what is not in it keeps its default.

        Raises:
            SettingsError: if it is no TOML, or has what is no setting, or a value that cannot be.
        """
        try:
            found = tomllib.loads(file.read_text(encoding="utf-8")) if file else {}
            return cls(**{**found, **overrides})
        except ValidationError as error:
            told = [_told(".".join(map(str, each["loc"])), each["type"], each["msg"]) for each in error.errors()]
            raise SettingsError(f"{file or 'The settings'}: {'; '.join(told)}.") from error
        except (OSError, ValueError) as error:
            raise SettingsError(f"{file} cannot be read: {error}") from error


def _told(name: str, kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        near = get_close_matches(name, Settings.model_fields, n=1)
        return f"there is no setting {name}" + (
            f", but there is {near[0]}" if near else "; docs/operations.md has them all"
        )
    return f"{name}: {message}" if name else message
