"""The routes with which an owner looks after a workspace: its name, its members, and what they changed."""

from typing import Annotated

from fastapi import APIRouter, Query

from functions.submit.asking import ApiKey, Cursor, Limit, Owner, Viewer, operates
from matinee import bootstrap
from matinee.http import schemas
from matinee.http.problems import documented
from matinee.model.access import Principal
from matinee.model.errors import ForbiddenError
from matinee.stores.members import Member

router = APIRouter(dependencies=[ApiKey], tags=["access"])


@router.get(
    "/api/workspace",
    operation_id="getWorkspace",
    summary="The workspace that one is in",
    responses=documented(401, 404, 503),
)
def get_workspace(principal: Viewer) -> schemas.WorkspaceDetails:
    """Give the workspace of the key or session."""
    return schemas.WorkspaceDetails.model_validate(bootstrap.workspaces().get(principal.workspace_id))


@router.put(
    "/api/workspace",
    operation_id="renameWorkspace",
    summary="Rename the workspace",
    responses=documented(400, 401, 404, 413, 422, 503),
)
def rename_workspace(body: schemas.WorkspaceRequest, principal: Owner) -> schemas.WorkspaceDetails:
    """Call the workspace otherwise."""
    renamed = bootstrap.workspaces().rename(principal.workspace_id, body.name)
    return schemas.WorkspaceDetails.model_validate(renamed)


@router.get(
    "/api/workspaces",
    operation_id="listWorkspaces",
    summary="The workspaces that one can be in",
    responses=documented(401, 503),
)
def list_workspaces(principal: Viewer) -> schemas.WorkspaceList:
    """Give the workspaces that a member belongs to; of a key its own, but to an owner of the first workspace all there are."""
    if principal.actor and principal.actor.kind == "member":
        found = [
            (each.workspace_id, each.workspace_name) for each in bootstrap.members().workspaces_of(principal.actor.id)
        ]
    elif operates(principal):
        found = [(each.id, each.name) for each in bootstrap.workspaces().list()]
    else:
        own = bootstrap.workspaces().get(principal.workspace_id)
        found = [(own.id, own.name)]
    return schemas.WorkspaceList(items=[schemas.Workspace(id=each, name=name) for each, name in found])


@router.post(
    "/api/workspaces",
    operation_id="createWorkspace",
    summary="Make another workspace",
    status_code=201,
    responses=documented(400, 401, 413, 422, 503),
)
def create_workspace(body: schemas.WorkspaceRequest, principal: Owner) -> schemas.NewWorkspace:
    """Make a workspace with an owner's key, which is not shown again. That is for owners of the installation's first workspace."""
    if not operates(principal):
        raise ForbiddenError("Only an owner of this installation's first workspace can make others.")
    made = bootstrap.workspaces().make(body.name, first_key="first key of the workspace")
    return schemas.NewWorkspace(workspace=schemas.WorkspaceDetails.model_validate(made.workspace), key=made.key)


@router.get("/api/members", operation_id="listMembers", summary="Who belongs here", responses=documented(401, 503))
def list_members(principal: Owner) -> schemas.MemberList:
    """Give the workspace's members, the newest first. They sign in by the installation's OpenID Connect issuer."""
    found = bootstrap.members().list(principal.workspace_id)
    return schemas.MemberList(items=[_shown(member, principal) for member in found])


@router.post(
    "/api/members",
    operation_id="addMember",
    summary="Let somebody in",
    status_code=201,
    responses=documented(400, 401, 409, 413, 422, 503),
)
def add_member(body: schemas.MemberRequest, principal: Owner) -> schemas.Member:
    """Let whoever has this address come in, once they have signed in with it. They are sent no letter."""
    return _shown(bootstrap.members().add(principal.workspace_id, body.email, body.role), principal)


@router.put(
    "/api/members/{member_id}",
    operation_id="changeMember",
    summary="Give a member another role",
    responses=documented(400, 401, 404, 413, 422, 503),
)
def change_member(member_id: str, body: schemas.RoleRequest, principal: Owner) -> schemas.Member:
    """Let a member do more or less, from their next request on."""
    return _shown(bootstrap.members().change(principal.workspace_id, member_id, body.role), principal)


@router.delete(
    "/api/members/{member_id}",
    operation_id="removeMember",
    summary="Let a member in no more",
    status_code=204,
    responses=documented(401, 404, 503),
)
def remove_member(member_id: str, principal: Owner) -> None:
    """Remove a member; their sessions end at once. Keys that they have made go on."""
    bootstrap.members().remove(principal.workspace_id, member_id)


@router.get(
    "/api/audit",
    operation_id="listAudit",
    summary="What was changed, and by whom",
    response_model_exclude_none=True,
    responses=documented(400, 401, 422, 503),
)
def list_audit(
    principal: Owner,
    target_id: Annotated[
        schemas.Id | None, Query(alias="targetId", description="Only what was done to the thing with this id.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.AuditPage:
    """Give a page of the audit log, newest first. It is kept for 400 days."""
    found, following = bootstrap.audit().list(principal.workspace_id, target_id=target_id, limit=limit, cursor=cursor)
    items = [schemas.AuditEntry.model_validate(entry) for entry in found]
    return schemas.AuditPage(items=items, next_cursor=following)


def _shown(member: Member, principal: Principal) -> schemas.Member:
    current = principal.actor is not None and principal.actor.id == member.id
    return schemas.Member.model_validate({**vars(member), "current": current})
