"""CloudFormation stacks: what would change, the change itself, and what came of it."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.deploy.errors import DeployError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef

#: A database takes a quarter of an hour to be made, a distribution some minutes.
_MOST_S = 3600.0
_WORDS = {"Add": "+", "Remove": "-", "Modify": "~", "Import": ">", "Dynamic": "~"}


@dataclass(frozen=True, kw_only=True)
class Change:
    """What would be done to a stack."""

    id: str
    lines: list[str]  #: one for each resource: what happens to it, its name and its type
    replaces: list[str] = field(default_factory=list)  #: resources that would be made anew, and lose what is in them


@dataclass(frozen=True)
class CloudStack:
    """A stack in the account, by its name."""

    client: "CloudFormationClient"
    name: str
    say: Callable[[str], None]
    pause_s: float = 3.0

    def prepare(self, *, template: Mapping[str, str], parameters: Mapping[str, str]) -> Change | None:
        """Ask what would change; None if nothing would. Nothing is changed by that.

        Args:
            template: `{"TemplateBody": ...}` or `{"TemplateURL": ...}`.
            parameters: All of the template's parameters.

        Raises:
            DeployError: if the stack is at work, or CloudFormation does not take the template.
        """
        status = self.status()
        if status == "ROLLBACK_COMPLETE":  # its creation failed, and it can only be deleted
            self.delete()
            status = None
        if status and status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            raise DeployError(f"The stack {self.name} is {status}: wait until that is over.")
        given: list[ParameterTypeDef] = [
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ]
        asked: Any = {**template, "StackName": self.name, "Parameters": given, "Capabilities": ["CAPABILITY_IAM"]}
        change = self.client.create_change_set(
            **asked,
            ChangeSetName=f"matinee-{time.time_ns()}",
            ChangeSetType="UPDATE" if status and status != "REVIEW_IN_PROGRESS" else "CREATE",
        )["Id"]
        for _ in self._while_waiting():
            found = self.client.describe_change_set(ChangeSetName=change, StackName=self.name)
            if found["Status"] == "CREATE_COMPLETE":
                return self._read(change)
            if found["Status"] == "FAILED":
                why = found.get("StatusReason", "")
                self.client.delete_change_set(ChangeSetName=change, StackName=self.name)
                if "didn't contain changes" in why or "No updates" in why:
                    return None
                raise DeployError(f"CloudFormation does not take the template of {self.name}: {why}")
        raise DeployError(f"CloudFormation did not say within {_MOST_S:.0f} s what would change in {self.name}.")

    def execute(self, change: Change) -> None:
        """Do it, telling what happens as it does.

        Raises:
            DeployError: if it fails; CloudFormation has put back what was there before.
        """
        since = self._newest_event()
        self.client.execute_change_set(ChangeSetName=change.id, StackName=self.name)
        status = self._follow(since)
        if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            raise DeployError(f"The stack {self.name} is {status or 'gone'}; the first FAILED line above says why.")

    def delete(self) -> None:
        """Delete it; nothing happens if it is not there.

        Raises:
            DeployError: if something cannot be deleted.
        """
        if self.status() is None:
            return
        since = self._newest_event()
        self.client.delete_stack(StackName=self.name)
        if (status := self._follow(since)) not in {None, "DELETE_COMPLETE"}:
            raise DeployError(f"The stack {self.name} is {status}; the first FAILED line above says why.")

    def outputs(self) -> dict[str, str]:
        """Give what the stack tells, by name."""
        told = self.client.describe_stacks(StackName=self.name)["Stacks"][0].get("Outputs", [])
        return {one["OutputKey"].removesuffix("Name"): one["OutputValue"] for one in told}

    def status(self) -> str | None:
        """Give the stack's status; None if there is none."""
        try:
            return self.client.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise

    def _read(self, change: str) -> Change:
        lines, replaces = [], []
        pages = self.client.get_paginator("describe_change_set").paginate(ChangeSetName=change, StackName=self.name)
        for page in pages:
            for one in page["Changes"]:
                told = one.get("ResourceChange", {})
                label = f"{told.get('LogicalResourceId')}  {told.get('ResourceType')}"
                again = told.get("Replacement") == "True"
                lines.append(f"{_WORDS.get(told.get('Action', ''), '?')} {label}{'  (made anew)' if again else ''}")
                replaces += [label] if again else []
        return Change(id=change, lines=sorted(lines), replaces=replaces)

    def _follow(self, since: str | None) -> str | None:
        """Say what happens until the stack is at rest; give its status then."""
        seen = {since}
        for _ in self._while_waiting():
            for event in self._events(seen):
                seen.add(event["EventId"])
                status = event.get("ResourceStatus", "")
                why = event.get("ResourceStatusReason", "") if status.endswith("FAILED") else ""
                self.say(f"  {status.lower():28} {event.get('LogicalResourceId')}{f': {why}' if why else ''}")
            status = self.status()
            if status is None or not status.endswith("_IN_PROGRESS"):
                return status
        raise DeployError(f"The stack {self.name} is still at work after {_MOST_S:.0f} s.")

    def _events(self, seen: set[str | None]) -> list[Any]:
        """Give the events that came after those, oldest first."""
        fresh: list[Any] = []
        try:
            for page in self.client.get_paginator("describe_stack_events").paginate(StackName=self.name):
                for event in page["StackEvents"]:
                    if event["EventId"] in seen:
                        return fresh[::-1]
                    fresh.append(event)
        except ClientError:  # it is gone, and its events with it
            return []
        return fresh[::-1]

    def _newest_event(self) -> str | None:
        try:
            events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        except ClientError:
            return None
        return events[0]["EventId"] if events else None

    def _while_waiting(self) -> Iterator[None]:
        until = time.monotonic() + _MOST_S
        while time.monotonic() < until:
            yield
            time.sleep(self.pause_s)
