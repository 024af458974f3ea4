"""What surrounds the road in the cloud, and the emulator does not show: the API, the database, the web UI, the alarms."""

import json
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from matinee.http.site import page_policy

if TYPE_CHECKING:
    from aws_cdk.assertions import Template


def test_events_and_reports_stream_and_the_api_answers_from_a_snapshot(template: "Template", match: Any) -> None:
    """What streams has response transfer mode STREAM and its address: two paths of events, three of reports; submit's is a version that is restored from a snapshot."""
    methods = template.find_resources("AWS::ApiGateway::Method").values()
    streams = [one for one in methods if "STREAM" == one["Properties"]["Integration"].get("ResponseTransferMode")]
    addresses = [json.dumps(one["Properties"]["Integration"]["Uri"]) for one in streams]

    assert 5 == len(streams)
    assert all("/response-streaming-invocations" in address and "2021-11-15" in address for address in addresses)
    assert {900_000} == {one["Properties"]["Integration"]["TimeoutInMillis"] for one in streams}
    template.has_resource_properties(
        "AWS::Lambda::Function", {"FunctionName": "matinee-submit", "SnapStart": {"ApplyOn": "PublishedVersions"}}
    )
    template.has_resource_properties("AWS::Lambda::Alias", {"Name": "live", "FunctionVersion": match.any_value()})


def test_new_code_makes_a_new_version_of_submit(assertions: ModuleType, tmp_path: Path) -> None:
    """A version is a copy of the code of its time: were its name the same, the API would go on with the old one."""
    from infra.app import build  # noqa: PLC0415  as above
    from infra.release import Release  # noqa: PLC0415

    def version(key: str) -> set[str]:
        release = Release(bundles={**Release.unbuilt().bundles, "submit": key})
        _, stack = build(outdir=str(tmp_path / key), release=release)
        return set(assertions.Template.from_stack(stack).find_resources("AWS::Lambda::Version"))

    assert version("submit-1.zip") != version("submit-2.zip")


def test_no_answer_is_waited_for_longer_than_it_may_take(template: "Template") -> None:
    """A function gives up before who asked it does: submit before API Gateway, streams when API Gateway would cut them."""
    timeouts = {
        function["Properties"]["FunctionName"]: function["Properties"]["Timeout"]
        for function in template.find_resources("AWS::Lambda::Function").values()
    }

    assert 29 > timeouts["matinee-submit"]
    assert 900 == timeouts["matinee-status-stream"] == timeouts["matinee-report-proxy"]
    assert 60 >= timeouts["matinee-sweep"]


def test_the_database_pauses_and_nobody_reaches_it_from_outside(template: "Template") -> None:
    """Aurora begins at none; it is encrypted, kept when the stack goes, and lets in who is of one security group."""
    template.has_resource(
        "AWS::RDS::DBCluster",
        {
            "DeletionPolicy": "Snapshot",
            "Properties": {
                "ServerlessV2ScalingConfiguration": {"MinCapacity": 0, "MaxCapacity": 2, "SecondsUntilAutoPause": 300},
                "StorageEncrypted": True,
                "DeletionProtection": True,
            },
        },
    )
    template.has_resource_properties("AWS::RDS::DBInstance", {"PubliclyAccessible": False})
    template.resource_count_is("AWS::EC2::NatGateway", 0)
    template.resource_count_is("AWS::EC2::InternetGateway", 0)
    doors = [one["Properties"] for one in template.find_resources("AWS::EC2::SecurityGroupIngress").values()]
    assert all("CidrIp" not in door for door in doors)
    assert 2 == len(
        [door for door in doors if "from the functions" == door["Description"]]
    )  # Postgres, and AWS's endpoints


def test_every_bucket_is_private_and_encrypted(template: "Template") -> None:
    """The artifacts and the web UI: CloudFront reads it with a signature of its own."""
    buckets = [one["Properties"] for one in template.find_resources("AWS::S3::Bucket").values()]

    assert 2 == len(buckets)
    for bucket in buckets:
        assert {True} == set(bucket["PublicAccessBlockConfiguration"].values())
        assert "BucketEncryption" in bucket
    template.resource_count_is("AWS::CloudFront::OriginAccessControl", 1)


def test_the_ui_and_the_api_are_one_origin_over_tls(template: "Template", match: Any) -> None:
    """`/api/*` goes to the API uncached, with what the browser sent; the rest to the files, with the headers of the embedded stack."""
    told = distributions(template)["Matinee ("]
    [api] = told["CacheBehaviors"]

    assert "/api/*" == api["PathPattern"]
    assert "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" == api["CachePolicyId"]  # AWS's CachingDisabled
    assert "b689b0a8-53d0-40ab-baf2-68738e2966ac" == api["OriginRequestPolicyId"]  # AllViewerExceptHostHeader
    assert "https-only" == api["ViewerProtocolPolicy"]
    assert "redirect-to-https" == told["DefaultCacheBehavior"]["ViewerProtocolPolicy"]
    before, after = page_policy("https://\0").split("\0")
    policy = {"Fn::Join": ["", [before, {"Fn::GetAtt": [match.any_value(), "DomainName"]}, after]]}
    security = {"ContentSecurityPolicy": {"ContentSecurityPolicy": policy, "Override": True}}
    template.has_resource_properties(
        "AWS::CloudFront::ResponseHeadersPolicy",
        {"ResponseHeadersPolicyConfig": {"SecurityHeadersConfig": match.object_like(security)}},
    )


def test_reports_have_an_origin_of_their_own_and_nothing_else_is_there(template: "Template", match: Any) -> None:
    """A second distribution, which lets `/reports/` through and no cookie; report_proxy knows both, and the API has the path."""
    told = distributions(template)["Matinee's reports ("]
    behavior = told["DefaultCacheBehavior"]

    assert "CacheBehaviors" not in told
    assert "Aliases" not in told
    assert {"GET", "HEAD"} == set(behavior["AllowedMethods"])
    assert "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" == behavior["CachePolicyId"]  # AWS's CachingDisabled
    assert "https-only" == behavior["ViewerProtocolPolicy"]
    template.has_resource_properties(
        "AWS::CloudFront::Function",
        {"FunctionCode": match.string_like_regexp(r'startsWith\("/reports/"\)[^}]*404[\s\S]*request.cookies = \{\}')},
    )
    [proxy] = [
        one["Properties"]
        for one in template.find_resources("AWS::Lambda::Function").values()
        if "matinee-report-proxy" == one["Properties"]["FunctionName"]
    ]
    origins = proxy["Environment"]["Variables"]["MATINEE_REPORT_ORIGINS"]["Fn::Join"][1]
    assert ["https://", "=https://"] == [part for part in origins if isinstance(part, str)]
    assert 2 == len({json.dumps(part) for part in origins if not isinstance(part, str)})
    paths = {one["Properties"]["PathPart"] for one in template.find_resources("AWS::ApiGateway::Resource").values()}
    assert {"test-results", "shared", "reports"} <= paths


def test_no_log_has_a_path(template: "Template") -> None:
    """A ticket is a part of it, or a share's token."""
    [stage] = template.find_resources("AWS::ApiGateway::Stage").values()
    log = stage["Properties"]["AccessLogSetting"]["Format"]

    assert "$context.resourcePath" in log
    assert "$context.path" not in log
    assert not [told for told in distributions(template).values() if "Logging" in told]


def test_with_a_name_of_its_own_the_app_may_still_frame_its_reports(assertions: ModuleType, tmp_path: Path) -> None:
    """The reports keep CloudFront's name, so they are of another site."""
    from infra.app import build  # noqa: PLC0415  as above
    from infra.settings import Settings  # noqa: PLC0415

    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/x"
    settings = Settings(domain_name="matinee.example.com", certificate_arn=certificate)
    _, stack = build(outdir=str(tmp_path), settings=settings)
    made = assertions.Template.from_stack(stack)
    [proxy] = [
        one["Properties"]
        for one in made.find_resources("AWS::Lambda::Function").values()
        if "matinee-report-proxy" == one["Properties"]["FunctionName"]
    ]

    assert (
        "https://matinee.example.com=https://"
        == proxy["Environment"]["Variables"]["MATINEE_REPORT_ORIGINS"]["Fn::Join"][1][0]
    )


def distributions(template: "Template") -> dict[str, Any]:
    """What CloudFront is told, by how its comments begin."""
    found = [
        one["Properties"]["DistributionConfig"]
        for one in template.find_resources("AWS::CloudFront::Distribution").values()
    ]
    return {told["Comment"]["Fn::Join"][1][0]: told for told in found}


def test_somebody_hears_of_what_goes_wrong(template: "Template") -> None:
    """Dead letters, work that waits, each function's errors, a stream that lags, runs that are stuck, an API that fails."""
    alarms = {
        one["Properties"]["AlarmName"]: one["Properties"]
        for one in template.find_resources("AWS::CloudWatch::Alarm").values()
    }
    queues = [f"matinee-{queue}-{what}" for queue in ("tests", "jobs", "reports") for what in ("dead", "waits")]
    functions = [one["Properties"]["FunctionName"] for one in template.find_resources("AWS::Lambda::Function").values()]
    others = ["matinee-stream-lags", "matinee-stuck-runs", "matinee-api-fails"]

    assert {*queues, *(f"{name}-errors" for name in functions), *others} == alarms.keys()
    assert all(alarm["AlarmActions"] and "notBreaching" == alarm["TreatMissingData"] for alarm in alarms.values())
    template.resource_count_is("AWS::CloudWatch::Dashboard", 1)


def test_provisioned_pollers_take_the_place_of_the_limit(assertions: ModuleType, tmp_path: Path) -> None:
    """They are the limit then: ten messages each. Lambda refuses a mapping that has both."""
    from infra.app import build  # noqa: PLC0415  as above
    from infra.settings import Settings  # noqa: PLC0415

    _, stack = build(outdir=str(tmp_path), settings=Settings(run_pollers=4, run_concurrency=500))
    [mapping] = [
        one["Properties"]
        for one in assertions.Template.from_stack(stack).find_resources("AWS::Lambda::EventSourceMapping").values()
        if "ProvisionedPollerConfig" in one["Properties"]
    ]

    assert {"MinimumPollers": 4, "MaximumPollers": 50} == mapping["ProvisionedPollerConfig"]
    assert "ScalingConfig" not in mapping
