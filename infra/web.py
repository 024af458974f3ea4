"""The web UI: files in a bucket, and one origin in front of them and of the API."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_certificatemanager as certificates
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from constructs import Construct

from infra.api import STAGE, Api
from infra.buckets import private_bucket
from infra.reports import ReportSite
from infra.reviewed import reviewed
from matinee.http.site import page_policy

#: Paths of the UI have no ending, files have: each path is one page, which knows what to show.
_ROUTES = """
function handler(event) {
  if (!/\\.[a-z0-9]+$/.test(event.request.uri)) {
    event.request.uri = "/index.html";
  }
  return event.request;
}
"""
_TWO_YEARS = Duration.days(730)


class WebSite(Construct):
    """The bucket and its distribution, which hands `/api/*` on to the API: one origin, so a session's cookie is enough."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        api: Api,
        reports: ReportSite,
        domain_name: str,
        certificate_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._domain_name = domain_name
        self.bucket = private_bucket(
            self,
            "Files",
            unlogged="It has what is in the repository; CloudFront is the only reader.",
            removal_policy=RemovalPolicy.DESTROY,  # `matinee deploy` puts there what it has built
        )
        certificate = (
            certificates.Certificate.from_certificate_arn(self, "Certificate", certificate_arn)
            if certificate_arn
            else None
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"Matinee ({Aws.STACK_NAME})",
            default_root_object="index.html",
            domain_names=[domain_name] if domain_name else None,
            certificate=certificate,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(self.bucket),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                compress=True,
                response_headers_policy=self._headers(reports),
                function_associations=[
                    cloudfront.FunctionAssociation(
                        function=cloudfront.Function(
                            self,
                            "Routes",
                            code=cloudfront.FunctionCode.from_inline(_ROUTES.strip()),
                            runtime=cloudfront.FunctionRuntime.JS_2_0,
                        ),
                        event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
                    )
                ],
            ),
            additional_behaviors={
                "/api/*": cloudfront.BehaviorOptions(
                    origin=origins.HttpOrigin(
                        api.host,
                        origin_path=f"/{STAGE}",
                        read_timeout=Duration.seconds(60),  # a stream says something every 15 s
                    ),
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                    allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                    origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                    compress=False,  # what is compressed is held back until there is enough of it
                )
            },
        )

        reviewed(
            self.distribution,
            CFR1="Tests are run from anywhere.",
            CFR2="A firewall costs by the month, also when nobody tests.",
            CFR3="The API has a log of requests; the files are the same for everybody.",
            CFR4="CloudFront's own name takes what its certificate takes; with a domain of one's own TLS 1.2 is the least.",
        )

    @property
    def url(self) -> str:
        """The origin."""
        return f"https://{self._domain_name or self.distribution.distribution_domain_name}"

    def _headers(self, reports: ReportSite) -> cloudfront.ResponseHeadersPolicy:
        """Send with the UI's files what the embedded stack sends with them."""
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=page_policy(reports.url), override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=_TWO_YEARS, include_subdomains=False, override=True
                ),
            ),
        )
