"""What feeds the functions: queues, the live table's stream, the clock."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.functions import Function
from infra.live_table import LiveTable
from infra.queues import WorkQueue

#: The items of the live table that track_runs copies into Postgres; events are not among them.
TRACKED = ("lease#", "result#", "report#")
#: Messages that a provisioned poller hands over at once.
_OF_A_POLLER = 10


class QueueSource(Construct):
    """A queue whose messages a function gets one by one, `at_once` of them at a time.

    With `pollers` SQS keeps so many ready, and paid for, which hand over sooner: each has ten messages under way at most
    (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html), so their number is the limit then.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        queue: WorkQueue,
        function: Function,
        at_once: int,
        pollers: int = 0,
    ) -> None:
        super().__init__(scope, construct_id)
        most = max(pollers, -(-at_once // _OF_A_POLLER))
        ready = lambda_.ProvisionedPollerConfig(minimum_pollers=pollers, maximum_pollers=most)
        lambda_.EventSourceMapping(
            self,
            "Mapping",
            target=function.function,
            event_source_arn=queue.queue.queue_arn,
            batch_size=1,
            max_concurrency=None if pollers else at_once,
            provisioned_poller_config=ready if pollers else None,
            report_batch_item_failures=True,
        )


class LiveSource(Construct):
    """The live table's stream: a batch that fails is split until one record is left, and that is given up some time."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        live: LiveTable,
        function: Function,
        parallelism: int,
        retries: int,
    ) -> None:
        super().__init__(scope, construct_id)
        lambda_.EventSourceMapping(
            self,
            "Mapping",
            target=function.function,
            event_source_arn=live.stream_arn,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=100,
            max_batching_window=Duration.seconds(0),
            parallelization_factor=parallelism,
            retry_attempts=retries,
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            filters=[
                lambda_.FilterCriteria.filter(
                    {
                        "eventName": lambda_.FilterRule.is_equal("INSERT"),
                        "dynamodb": {"Keys": {"sk": {"S": [{"prefix": prefix} for prefix in TRACKED]}}},
                    }
                )
            ],
        )


class EveryMinute(Construct):
    """The clock. What one tick did not do is done by the next, so none is tried again."""

    def __init__(self, scope: Construct, construct_id: str, *, function: Function) -> None:
        super().__init__(scope, construct_id)
        events.Rule(
            self,
            "Rule",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[targets.LambdaFunction(function.function, retry_attempts=0)],
        )
