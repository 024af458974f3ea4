"""The routes around saved variables: of a workspace, and of its jobs."""

from fastapi import APIRouter

from functions.submit.asking import ApiKey, Editor, Viewer
from matinee import bootstrap
from matinee.http import schemas
from matinee.http.problems import documented

router = APIRouter(dependencies=[ApiKey], tags=["variables"])


@router.get(
    "/api/variables",
    operation_id="listVariables",
    summary="The workspace's variables",
    response_model_exclude_none=True,
    responses=documented(401, 503),
)
def list_variables(principal: Viewer) -> schemas.VariableList:
    """Give what every script of the workspace is given, without the values of secrets."""
    return _listed(principal.workspace_id, None)


@router.put(
    "/api/variables/{name}",
    operation_id="putVariable",
    summary="Save a variable",
    response_model_exclude_none=True,
    responses=documented(400, 401, 413, 422, 503),
)
def put_variable(name: schemas.VariableName, body: schemas.VariableRequest, principal: Editor) -> schemas.Variable:
    """Save what every script of the workspace is given as `process.env.NAME`, from the next run on."""
    return _put(principal.workspace_id, None, name, body)


@router.delete(
    "/api/variables/{name}",
    operation_id="deleteVariable",
    summary="Delete a variable",
    status_code=204,
    responses=documented(401, 404, 503),
)
def delete_variable(name: str, principal: Editor) -> None:
    """Delete a variable of the workspace."""
    bootstrap.variables().delete(principal.workspace_id, None, name)


@router.get(
    "/api/jobs/{job_id}/variables",
    operation_id="listJobVariables",
    summary="A job's variables",
    response_model_exclude_none=True,
    responses=documented(401, 404, 503),
)
def list_job_variables(job_id: str, principal: Viewer) -> schemas.VariableList:
    """Give what the job's tests are given besides the workspace's variables, or in their place."""
    return _listed(principal.workspace_id, job_id)


@router.put(
    "/api/jobs/{job_id}/variables/{name}",
    operation_id="putJobVariable",
    summary="Save a variable of a job",
    response_model_exclude_none=True,
    responses=documented(400, 401, 404, 413, 422, 503),
)
def put_job_variable(
    job_id: str, name: schemas.VariableName, body: schemas.VariableRequest, principal: Editor
) -> schemas.Variable:
    """Save what the job's tests are given as `process.env.NAME`, from its next run on."""
    return _put(principal.workspace_id, job_id, name, body)


@router.delete(
    "/api/jobs/{job_id}/variables/{name}",
    operation_id="deleteJobVariable",
    summary="Delete a variable of a job",
    status_code=204,
    responses=documented(401, 404, 503),
)
def delete_job_variable(job_id: str, name: str, principal: Editor) -> None:
    """Delete a variable of a job; one of the workspace of the same name stands in its place then."""
    bootstrap.variables().delete(principal.workspace_id, job_id, name)


def _listed(workspace_id: str, job_id: str | None) -> schemas.VariableList:
    found = bootstrap.variables().list(workspace_id, job_id)
    return schemas.VariableList(items=[schemas.Variable.model_validate(each) for each in found])


def _put(workspace_id: str, job_id: str | None, name: str, body: schemas.VariableRequest) -> schemas.Variable:
    saved = bootstrap.variables().put(workspace_id, job_id, name=name, value=body.value, secret=body.secret)
    return schemas.Variable.model_validate(saved)
