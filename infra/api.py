"""The HTTP API: one origin for the three functions that answer requests."""

from aws_cdk import Aws, Duration, Fn, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.functions import ZipFunction
from infra.log import log_group
from infra.reviewed import reviewed, reviewed_policy
from infra.settings import LogDays

#: What all its paths begin with. Told as a text: who asks the API's stage depends on its functions, and these on where reports are.
STAGE = "live"
#: API Gateway waits so long for an answer that does not stream, and for the whole of one that does.
#: https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
_WAITS = Duration.seconds(29)
_STREAMS = Duration.minutes(15)
#: What the gateway itself refuses, or fails at, has the shape that all of the API's errors have.
_PROBLEM = '{"type":"about:blank","title":"The gateway has no answer","detail":$context.error.messageString}'


class Api(Construct):
    """A REST API. Who may do what is the functions' business: they know keys, sessions and tickets."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        submit: lambda_.Alias,
        status_stream: ZipFunction,
        report_proxy: ZipFunction,
        requests_a_second: int,
        burst: int,
        tracing: bool,
        account_log_role: bool,
        log_days: LogDays,
    ) -> None:
        super().__init__(scope, construct_id)
        log = log_group(self, "Log", name=f"/aws/apigateway/{prefix}", days=log_days)
        self.api = apigateway.RestApi(
            self,
            "Rest",
            rest_api_name=prefix,
            description="Matinee: Playwright tests on serverless functions.",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=account_log_role,
            cloud_watch_role_removal_policy=RemovalPolicy.DESTROY,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                throttling_rate_limit=requests_a_second,
                throttling_burst_limit=burst,
                tracing_enabled=tracing,
                metrics_enabled=True,
                access_log_destination=apigateway.LogGroupLogDestination(log),
                access_log_format=_access_log(),
            ),
        )
        every = self.api.root.add_resource("api")
        every.add_proxy(any_method=True, default_integration=_answering(submit))
        for kind in ("test-status", "job-status"):
            stream = every.add_resource(kind).add_resource("sse").add_resource("{run}")
            stream.add_method("ANY", _streaming(status_stream))
        reports = _streaming(report_proxy)
        for parent, name in ((every, "test-results"), (every, "shared"), (self.api.root, "reports")):
            parent.add_resource(name).add_proxy(any_method=True, default_integration=reports)
        for title, refused in (
            ("Refusals", apigateway.ResponseType.DEFAULT_4_XX),
            ("Failures", apigateway.ResponseType.DEFAULT_5_XX),
        ):
            self.api.add_gateway_response(
                title,
                type=refused,
                response_headers={"Content-Type": "'application/problem+json'"},
                templates={"application/json": _PROBLEM},
            )
        known = "The functions know who may do what: keys, sessions and tickets. An authorizer would be asked twice."
        reviewed(
            self.api,
            APIG2="The app validates every request, and answers with what is wrong in it.",
            APIG3="A firewall costs by the month, also when nobody tests; who wants one puts it before CloudFront.",
            APIG4=known,
            APIG6="Execution logs would have bodies in them: scripts and variables. There are access logs, without queries.",
            COG4=known,
        )
        if account_log_role:
            policy = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
            reviewed_policy(self.api, policy, reason="The one policy that API Gateway asks for.")
        for name, function in (
            ("Submit", submit),
            ("Events", status_stream.function),
            ("Reports", report_proxy.function),
        ):
            lambda_.CfnPermission(
                self,
                f"May{name}",
                action="lambda:InvokeFunction",
                function_name=function.function_arn,
                principal="apigateway.amazonaws.com",
                source_arn=self.api.arn_for_execute_api(),
            )

    @property
    def host(self) -> str:
        """The API's own host name; its paths begin with the stage's."""
        return f"{self.api.rest_api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}"

    @property
    def stage(self) -> apigateway.Stage:
        """The stage."""
        return self.api.deployment_stage


def _answering(function: lambda_.IFunction) -> apigateway.AwsIntegration:
    return _integration(function, call="2015-03-31/functions/{}/invocations")


def _streaming(function: ZipFunction) -> apigateway.AwsIntegration:
    return _integration(function.function, call="2021-11-15/functions/{}/response-streaming-invocations", streams=True)


def _integration(function: lambda_.IFunction, *, call: str, streams: bool = False) -> apigateway.AwsIntegration:
    """Hand requests to a function as they are. The permission to call it stands in `Api`, once for each function."""
    mode = apigateway.ResponseTransferMode
    return apigateway.AwsIntegration(
        service="lambda",
        proxy=True,
        path=call.format(function.function_arn),
        options=apigateway.IntegrationOptions(
            timeout=_STREAMS if streams else _WAITS,
            response_transfer_mode=mode.STREAM if streams else mode.BUFFERED,
        ),
    )


def _access_log() -> apigateway.AccessLogFormat:
    """Log who asked for what. No query, and of the path only whose it is: a ticket, or a share's token, may be in it."""
    field = apigateway.AccessLogField
    return apigateway.AccessLogFormat.custom(
        Fn.join(
            "",
            [
                '{"requestId":"',
                field.context_request_id(),
                '","ip":"',
                field.context_identity_source_ip(),
                '","at":"',
                field.context_request_time_epoch(),
                '","method":"',
                field.context_http_method(),
                '","resource":"',
                field.context_resource_path(),
                '","status":"',
                field.context_status(),
                '","latencyMs":"',
                field.context_response_latency(),
                '"}',
            ],
        )
    )
