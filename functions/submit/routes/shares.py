"""The routes with which people let somebody outside read a run's report."""

from fastapi import APIRouter

from functions.submit.asking import ApiKey, Editor, Viewer
from matinee import bootstrap
from matinee.http import links, schemas
from matinee.http.problems import documented

router = APIRouter(tags=["runs"], dependencies=[ApiKey])


@router.post(
    "/api/runs/{run_id}/shares",
    operation_id="shareRun",
    summary="Share a run's report",
    status_code=201,
    response_model_exclude_none=True,
    responses=documented(400, 401, 404, 409, 413, 422, 503),
)
def share_run(run_id: str, body: schemas.ShareRequest, principal: Editor) -> schemas.NewShare:
    """Make a link with which anybody reads the report of this one run, and nothing else. The answer has it; it is not shown again."""
    made = bootstrap.shares().create(principal, run_id, body.name, days=body.expires_in_days)
    return schemas.NewShare(**{**vars(made), "path": links.shared_path(made.token)})


@router.get(
    "/api/runs/{run_id}/shares",
    operation_id="listShares",
    summary="With whom a run's report is shared, or was",
    response_model_exclude_none=True,
    responses=documented(401, 404, 503),
)
def list_shares(run_id: str, principal: Viewer) -> schemas.ShareList:
    """Give the run's shares, newest first, the revoked and the expired ones among them."""
    found = bootstrap.shares().list(principal.workspace_id, run_id)
    return schemas.ShareList(items=[schemas.Share.model_validate(share) for share in found])


@router.delete(
    "/api/runs/{run_id}/shares/{share_id}",
    operation_id="revokeShare",
    summary="Revoke a share",
    status_code=204,
    responses=documented(401, 404, 503),
)
def revoke_share(run_id: str, share_id: str, principal: Editor) -> None:
    """Make a share good for nothing, within five seconds also for whoever is reading. It stays in the list."""
    bootstrap.shares().revoke(principal.workspace_id, run_id, share_id)
