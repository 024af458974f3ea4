"""What each function reads from its environment, when it is first needed; never at import."""

from functools import cache
from typing import Literal, Self, TypeVar

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from matinee.model.egress import PRIVATE, Egress, name_servers, read_places
from matinee.model.origins import Origins


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore")


class LiveSettings(_Settings):
    """The live table: every function of the road."""

    live_table: str = Field(description="Name of the DynamoDB live table.")


class ArtifactSettings(_Settings):
    """The bucket that holds what runs leave behind."""

    artifacts_bucket: str = Field(description="Name of the S3 bucket for scripts, blobs, reports and consoles.")


class DatabaseSettings(_Settings):
    """Postgres; never given to run_test."""

    database_url: str = Field(default="", description="libpq URL or conninfo of the Postgres database.", repr=False)
    database_secret: str = Field(default="", description="ARN of the Secrets Manager secret that has it instead.")
    database_patience_s: float = Field(default=5.0, gt=0, description="How long a request waits for the database.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if not self.database_url and not self.database_secret:
            raise ValueError("DATABASE_URL or DATABASE_SECRET must be set")
        return self


class VaultSettings(_Settings):
    """By what variables are encrypted, and decrypted: submit and run_test."""

    matinee_kms_key: str = Field(default="", description="ARN of the KMS key; without it the file's is taken.")
    matinee_key_file: str = Field(default="", description="The file with the key, where there is no KMS.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if not self.matinee_kms_key and not self.matinee_key_file:
            raise ValueError("MATINEE_KMS_KEY or MATINEE_KEY_FILE must be set")
        return self


class TestQueueSettings(_Settings):
    """Where tests go to be run."""

    __test__ = False

    test_queue_url: str = Field(description="URL of the SQS queue test-execution.")


class JobQueueSettings(_Settings):
    """Where the runs of jobs go to be planned."""

    job_queue_url: str = Field(description="URL of the SQS queue job-execution.")


class ReportQueueSettings(_Settings):
    """Where the runs of jobs go for their reports."""

    report_queue_url: str = Field(description="URL of the SQS queue report-merge.")


class DeadQueueSettings(_Settings):
    """Where messages lie that nobody could handle: sweep alone reads them."""

    test_dead_queue_url: str = Field(description="URL of the SQS queue test-execution-dead.")
    job_dead_queue_url: str = Field(description="URL of the SQS queue job-execution-dead.")
    report_dead_queue_url: str = Field(description="URL of the SQS queue report-merge-dead.")


class SchedulerSettings(_Settings):
    """What fires by itself, and whom it calls: submit keeps it in step, and sweep."""

    schedule_group: str = Field(description="Name of the EventBridge Scheduler group.")
    schedule_target_arn: str = Field(description="ARN of the function that takes ticks.")
    schedule_role_arn: str = Field(description="ARN of the role that lets Scheduler call it.")


class RetentionSettings(_Settings):
    """How long runs are kept."""

    matinee_retention_days: int = Field(
        default=30, ge=1, description="Days after which a run and all of it is deleted."
    )


class RestSettings(_Settings):
    """How long sweep leaves a database alone that pauses: submit and scheduled wake it, and sweep rests."""

    matinee_sweep_rests_s: int = Field(default=0, ge=0, description="At the most; 0 lets it look every minute.")


class RunnerSettings(_Settings):
    """How run_test executes a script."""

    matinee_runtime: str = Field(default="/opt/matinee/runtime", description="The pinned runtime's directory.")
    matinee_sandbox: str = Field(default="auto", description="auto, bubblewrap, uid or none (matinee.runner.sandbox).")
    matinee_memory_mb: int = Field(default=2048, description="The most memory a run's processes may hold together.")
    matinee_disk_mb: int = Field(default=2048, ge=1, description="The most that a run may have on disk.")
    matinee_egress: Literal["public", "open"] = Field(
        default="public",
        description="Where scripts may connect to: the internet and this machine, or private networks as well.",
    )
    matinee_egress_allow: str = Field(default="", description="Of private networks, what is open after all: places.")
    matinee_egress_own: str = Field(default="", description="What is Matinee's own, and never open: places.")
    aws_lambda_runtime_api: str = Field(default="", description="Address and port of Lambda's Runtime API.")

    @field_validator("matinee_egress_allow", "matinee_egress_own")
    @classmethod
    def _places(cls, text: str) -> str:
        read_places(text)
        return text

    def egress(self, *, resolv_conf: str) -> Egress:
        """Give where scripts may connect to. Name servers are open wherever they are."""
        api = self.aws_lambda_runtime_api
        own = f"{self.matinee_egress_own} {api} here:{api.rpartition(':')[2]}" if api else self.matinee_egress_own
        return Egress(
            own=read_places(own),
            denied=read_places(" ".join(PRIVATE)) if self.matinee_egress == "public" else (),
            allowed=(*read_places(self.matinee_egress_allow), *name_servers(resolv_conf)),
        )


class TenantSettings(_Settings):
    """Where dispatch_test finds run_test."""

    run_test_function: str = Field(description="Name of the function.")
    run_test_timeout_s: float = Field(default=900.0, description="How long it may run.")


class ParserSettings(_Settings):
    """Where submit finds Babel's parser, the one that Playwright itself uses."""

    matinee_parser: str = Field(default="parser/index.js", description="Path of @babel/parser's single file.")


class OidcSettings(_Settings):
    """Where people sign in, if not only with API keys."""

    oidc_issuer: str = Field(default="", description="URL of an OpenID Connect issuer; without it there is none.")
    oidc_client_id: str = Field(default="", description="What we are to it.")
    oidc_client_secret: str = Field(
        default="", description="And by what it knows that; empty for a public client.", repr=False
    )
    oidc_secret: str = Field(default="", description="ARN of the Secrets Manager secret that has it instead.")
    oidc_name: str = Field(default="single sign-on", description="What people call it.")


class AccessSettings(_Settings):
    """How often somebody may ask."""

    matinee_requests_per_minute: int = Field(
        default=3_000,
        ge=0,
        description="Of each key and member, unless their workspace has another limit; 0: as often as they like.",
    )


class StreamSettings(_Settings):
    """How eagerly status_stream reads the live table; each read of a quiet log costs one read unit."""

    matinee_poll_shortest_ms: int = Field(default=25, ge=1, description="Between two reads while events flow.")
    matinee_poll_longest_ms: int = Field(default=250, ge=1, description="Between two reads of a log that is quiet.")


class ReportSettings(_Settings):
    """Where browsers read reports: report_proxy sends them there."""

    matinee_report_origins: str = Field(
        default="",
        description="Pairs of origins, `https://app=https://reports`; without one no browser is shown a report.",
    )

    @field_validator("matinee_report_origins")
    @classmethod
    def _origins(cls, text: str) -> str:
        Origins.read(text)
        return text

    @property
    def origins(self) -> Origins:
        """The pairs."""
        return Origins.read(self.matinee_report_origins)


class VersionSettings(_Settings):
    """What /api/health tells of the runtime."""

    playwright_version: str = "unknown"
    chromium_version: str = "unknown"


_S = TypeVar("_S", bound=_Settings)


@cache
def load(kind: type[_S]) -> _S:
    """Read `kind` from the environment, once in a process.

    Raises:
        pydantic.ValidationError: naming each variable that is missing.
    """
    return kind()
