"""The routes with which programs outside run a job, and those with which people let them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from functions.submit import views
from functions.submit.asking import ApiKey, Editor, IdempotencyKey, Viewer
from matinee import bootstrap
from matinee.http import schemas
from matinee.http.problems import documented
from matinee.model.errors import UnauthorizedError
from matinee.model.run import RunTrigger
from matinee.stores.trigger_keys import TriggerCaller
from matinee.usecases.launch import Start

router = APIRouter(tags=["jobs"])

_bearer = HTTPBearer(
    auto_error=False, scheme_name="TriggerKey", description="A job's trigger key: `Authorization: Bearer mtt_...`"
)
_WANTED = (
    "A trigger key of this job is needed, neither revoked nor expired: send it as `Authorization: Bearer mtt_...`."
)


def trigger_caller(
    job_id: str, sent: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> TriggerCaller:
    """Tell who wants to run this job: the bearer of one of its own trigger keys, and nobody else."""
    if sent and sent.credentials.startswith("mt_"):
        raise UnauthorizedError(f"{_WANTED} With an API key, use POST /api/jobs/run.")
    found = bootstrap.trigger_keys().caller_of(sent.credentials) if sent else None
    if found is None or found.job_id != job_id:
        raise UnauthorizedError(_WANTED)
    bootstrap.rest().disturb()
    return found


@router.post(
    "/api/jobs/{job_id}/trigger-keys",
    operation_id="createTriggerKey",
    summary="Let somebody outside run a job",
    status_code=201,
    responses=documented(400, 401, 404, 409, 413, 422, 503),
    dependencies=[ApiKey],
)
def create_trigger_key(job_id: str, body: schemas.TriggerKeyRequest, principal: Editor) -> schemas.NewTriggerKey:
    """Make a key that runs this one job and does nothing else. The answer has it; it is not shown again."""
    made = bootstrap.trigger_keys().create(principal.workspace_id, job_id, body.name, days=body.expires_in_days)
    return schemas.NewTriggerKey.model_validate(made)


@router.get(
    "/api/jobs/{job_id}/trigger-keys",
    operation_id="listTriggerKeys",
    summary="Who outside may run a job, or might",
    response_model_exclude_none=True,
    responses=documented(401, 404, 503),
    dependencies=[ApiKey],
)
def list_trigger_keys(job_id: str, principal: Viewer) -> schemas.TriggerKeyList:
    """Give the job's trigger keys, newest first, the revoked and the expired ones among them."""
    found = bootstrap.trigger_keys().list(principal.workspace_id, job_id)
    return schemas.TriggerKeyList(items=[schemas.TriggerKey.model_validate(key) for key in found])


@router.delete(
    "/api/jobs/{job_id}/trigger-keys/{key_id}",
    operation_id="revokeTriggerKey",
    summary="Revoke a trigger key",
    status_code=204,
    responses=documented(401, 404, 503),
    dependencies=[ApiKey],
)
def revoke_trigger_key(job_id: str, key_id: str, principal: Editor) -> None:
    """Make a key good for nothing, from now on. It stays in the list; the runs that it started go on."""
    bootstrap.trigger_keys().revoke(principal.workspace_id, job_id, key_id)


@router.post(
    "/api/jobs/{job_id}/trigger",
    operation_id="triggerJob",
    summary="Run a job from outside",
    status_code=202,
    response_model_exclude_none=True,
    responses=documented(400, 401, 409, 413, 422, 429, 503),
    openapi_extra={"x-role": "trigger"},
)
def trigger_job(
    caller: Annotated[TriggerCaller, Depends(trigger_caller)],
    body: schemas.TriggerRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> schemas.RunAccepted:
    """Queue a run of the job, with one of its trigger keys. The links are for bearers of an API key: this one reads nothing.

    A key may be used 10 times in 60 seconds; then the answer is 429, and `Retry-After` says for how long. Counted is
    every request with a good key and a good body, also one that repeats an `Idempotency-Key`, or is refused after that.
    """
    bootstrap.trigger_keys().use(caller.key_id)
    start = Start(
        workspace_id=caller.workspace_id, trigger=RunTrigger.API, idempotency_key=_own(caller, idempotency_key)
    )
    variables = body.variables if body else {}
    return views.run_accepted(bootstrap.starter().job(start, caller.job_id, items=None, variables=variables))


def _own(caller: TriggerCaller, idempotency_key: str | None) -> str | None:
    """Set it apart from all others of the workspace: no header has a line break, so none of the API's own is like it."""
    return f"{caller.key_id}\n{idempotency_key}" if idempotency_key else None
