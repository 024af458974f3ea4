"""Where browsers read reports: an origin of its own, which has nothing else (ADR 14)."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from constructs import Construct

from infra.api import STAGE, Api
from infra.reviewed import reviewed
from matinee.http.links import SHOWN

#: Nothing but reports is there, and no cookie goes through: neither to the API nor, as it sets none, back.
_ONLY = f"""
function handler(event) {{
  if (!event.request.uri.startsWith("{SHOWN}")) {{
    return {{ statusCode: 404, statusDescription: "Not Found" }};
  }}
  event.request.cookies = {{}};
  return event.request;
}}
"""
_TWO_YEARS = Duration.days(730)


class ReportSite(Construct):
    """The distribution. Its name is CloudFront's own, so of another site than the app's, whatever name that has."""

    def __init__(self, scope: Construct, construct_id: str, *, api: Api) -> None:
        super().__init__(scope, construct_id)
        function = cloudfront.Function(
            self,
            "Only",
            code=cloudfront.FunctionCode.from_inline(_ONLY.strip()),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"Matinee's reports ({Aws.STACK_NAME})",
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.HttpOrigin(api.host, origin_path=f"/{STAGE}"),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                compress=False,
                response_headers_policy=self._headers(),
                function_associations=[
                    cloudfront.FunctionAssociation(
                        function=function, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
                    )
                ],
            ),
        )
        reviewed(
            self.distribution,
            CFR1="Reports are read from anywhere.",
            CFR2="A firewall costs by the month, also when nobody tests.",
            CFR3="Its log would have tickets in it: they are a part of each path.",
            CFR4="CloudFront's own name takes what its certificate takes.",
        )

    @property
    def url(self) -> str:
        """The origin."""
        return f"https://{self.distribution.distribution_domain_name}"

    def _headers(self) -> cloudfront.ResponseHeadersPolicy:
        """Add what only holds where there is TLS; the rest report_proxy says itself."""
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=_TWO_YEARS, include_subdomains=False, override=True
                ),
            ),
        )
