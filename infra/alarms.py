"""What is watched, who hears of it, and the picture of it."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.api import Api
from infra.functions import Function
from infra.queues import WorkQueue

#: The namespace of the metrics that the functions write into their logs (functions/telemetry.py).
NAMESPACE = "Matinee"
_MINUTE = Duration.minutes(1)
_FIVE = Duration.minutes(5)


class Alarms(Construct):
    """Alarms on what nobody would notice by themselves, a topic that tells of them, and a dashboard."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        queues: Mapping[str, WorkQueue],
        functions: Sequence[Function],
        track_runs: Function,
        api: Api,
        oldest: Duration,
        email: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._prefix = prefix
        self.topic = sns.Topic(self, "Topic", topic_name=f"{prefix}-alarms", enforce_ssl=True)
        self.topic.grant_publish(iam.ServicePrincipal("cloudwatch.amazonaws.com"))
        if email:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))
        for name, queue in queues.items():
            self._alarm(
                f"{name}-dead",
                queue.dead.metric_approximate_number_of_messages_visible(period=_FIVE, statistic="Maximum"),
                above=0,
                means="A message that nobody could handle has lain for 15 minutes, and sweep did not take it.",
                periods=3,
            )
            self._alarm(
                f"{name}-waits",
                queue.queue.metric_approximate_age_of_oldest_message(period=_MINUTE, statistic="Maximum"),
                above=oldest.to_seconds(),
                means="Work waits longer than it should: is the concurrency used up, or do the functions fail?",
                periods=5,
            )
        for function in functions:
            self._alarm(
                f"{function.name.replace('_', '-')}-errors",
                function.function.metric_errors(period=_FIVE, statistic="Sum"),
                above=2,
                means="The function failed three times within five minutes; its log says why.",
            )
        self._alarm(
            "stream-lags",
            track_runs.function.metric("IteratorAge", period=_MINUTE, statistic="Maximum"),
            above=Duration.minutes(2).to_milliseconds(),
            means="What happens in runs comes late into the database: track_runs fails, or is too slow.",
            periods=3,
        )
        self.stuck = cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name="StuckRuns",
            dimensions_map={"service": "sweep"},
            period=_FIVE,
            statistic="Maximum",
        )
        self._alarm(
            "stuck-runs", self.stuck, above=0, means="Runs have not ended an hour after their last sign.", periods=2
        )
        self._alarm(
            "api-fails",
            api.stage.metric_server_error(period=_FIVE, statistic="Sum"),
            above=4,
            means="The API answered five requests within five minutes with an error of its own.",
        )
        self._dashboard(queues, functions, api)

    def _alarm(self, name: str, metric: cloudwatch.IMetric, *, above: float, means: str, periods: int = 1) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{self._prefix}-{name}",
            alarm_description=means,
            metric=metric,
            threshold=above,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,  # nothing runs when nobody tests
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        alarm.add_ok_action(actions.SnsAction(self.topic))

    def _dashboard(self, queues: Mapping[str, WorkQueue], functions: Sequence[Function], api: Api) -> None:
        def graph(title: str, left: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
            return cloudwatch.GraphWidget(title=title, left=list(left), width=12, height=6)

        def of_tests(metric: str, statistic: str) -> cloudwatch.Metric:
            return cloudwatch.Metric(
                namespace=NAMESPACE,
                metric_name=metric,
                dimensions_map={"service": "run_test"},
                period=_MINUTE,
                statistic=statistic,
                label=f"{metric} ({statistic})",
            )

        every = list(functions)
        dashboard = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=self._prefix)
        dashboard.add_widgets(
            graph("Tests that ended", [of_tests("Tests", "Sum")]),
            graph("How long they took, in ms", [of_tests("TestDuration", one) for one in ("p50", "p95", "Maximum")]),
        )
        dashboard.add_widgets(
            graph(
                "Waiting",
                [one.queue.metric_approximate_number_of_messages_visible(label=name) for name, one in queues.items()],
            ),
            graph(
                "Waiting for, in s",
                [one.queue.metric_approximate_age_of_oldest_message(label=name) for name, one in queues.items()],
            ),
        )
        dashboard.add_widgets(
            graph(
                "At once",
                [one.function.metric("ConcurrentExecutions", statistic="Maximum", label=one.name) for one in every],
            ),
            graph("Errors", [one.function.metric_errors(label=one.name) for one in every]),
        )
        dashboard.add_widgets(
            graph("Requests, and those that failed", [api.stage.metric_count(), api.stage.metric_server_error()]),
            graph("Stuck runs", [self.stuck]),
        )
