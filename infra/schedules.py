"""What fires by itself: EventBridge Scheduler's group for the schedules of jobs, and its way to the function."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.functions import Function

#: How long Lambda itself tries to deliver a tick that failed, after Scheduler has handed it over.
_GIVE_UP_AFTER = Duration.minutes(5)


class ScheduleGroup(Construct):
    """The group, with the role that lets its schedules call the function. Matinee itself makes the schedules in it."""

    def __init__(self, scope: Construct, construct_id: str, *, group_name: str, function: Function) -> None:
        super().__init__(scope, construct_id)
        self.group_name = group_name
        self.function = function.function
        self.group = scheduler.CfnScheduleGroup(self, "Group", name=group_name)
        self.role = iam.Role(
            self,
            "Role",
            # Only for schedules of this account: Scheduler works for everybody, and could be asked by somebody else.
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
            ),
            description="Lets the schedules of jobs hand their ticks over.",
        )
        self.role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[self.function.function_arn])
        )
        lambda_.EventInvokeConfig(
            self, "Delivery", function=self.function, max_event_age=_GIVE_UP_AFTER, retry_attempts=2
        )

    @property
    def environment(self) -> dict[str, str]:
        """What those are told who keep the schedules in step."""
        return {
            "SCHEDULE_GROUP": self.group_name,
            "SCHEDULE_TARGET_ARN": self.function.function_arn,
            "SCHEDULE_ROLE_ARN": self.role.role_arn,
        }
