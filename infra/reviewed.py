"""What the AWS Solutions rules would have otherwise, and why it is as it is: each reason stands at its construct."""

from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def reviewed(construct: IConstruct, **reasons: str) -> None:
    """Acknowledge findings at a construct, by the rule's name without its beginning: `S1="..."` is AwsSolutions-S1."""
    for rule, reason in reasons.items():
        _acknowledge(construct, rule, reason)


def reviewed_wildcard(construct: IConstruct, resource: str, *, reason: str) -> None:
    """Acknowledge that a role's statement names `resource`, if that has a wildcard."""
    told = _rendered(Stack.of(construct).resolve(resource))
    if "*" in told:
        _acknowledge(construct, f"IAM5[Resource::{told}]", reason)


def reviewed_policy(construct: IConstruct, name: str, *, reason: str) -> None:
    """Acknowledge that a role has the policy `name` of AWS's own."""
    _acknowledge(construct, f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{name}]", reason)


def _acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason))


def _rendered(value: Any) -> str:
    """Write what CloudFormation fills in as the rules do: `<LogicalId.Arn>/runs/*`."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(map(_rendered, parts))
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
    return str(value)
