"""Every figure of the deployment that somebody may want to change, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one deployment is like."""

    name: str = "matinee"  #: of the stack, and the beginning of each function's name
    retention_days: int = 30  #: how long S3 keeps what a run left behind
    log_retention_days: int = 30
    run_memory_mb: int = 2048  #: of run_test; Lambda gives CPU in proportion
    run_reserve_mb: int = 256  #: of that, what the supervisor itself needs; a run's own processes share the rest
    run_timeout_seconds: int = 900  #: of run_test: Lambda's longest
    run_storage_mb: int = 2048  #: of /tmp in run_test: traces, videos and profiles of one run
    run_concurrency: int = 50  #: how many tests run at once
    attempts: int = 3  #: how often a message is received before it is dead
    api_timeout_seconds: int = 30  #: of submit: as long as API Gateway waits
    stream_timeout_seconds: int = 900  #: of status_stream and report_proxy: streams are resumed after it
    tick_timeout_seconds: int = 60  #: of what starts a schedule's run
    track_timeout_seconds: int = 60
    track_parallelism: int = 4  #: batches of one shard of the live stream at a time; a run's records stay in order
    track_retries: int = 100  #: of a batch that fails, before it is given up; the sweep mends what it carried
    sweep_timeout_seconds: int = 60
    plan_timeout_seconds: int = 120
    plan_concurrency: int = 2  #: how many runs are planned at once; AWS's own least
    merge_timeout_seconds: int = 300
    merge_memory_mb: int = 2048  #: of merge_report: the report of a thousand tests is one JSON document in Node
    merge_concurrency: int = 10  #: how many reports are made at once
