"""The routes with which people look after API keys."""

from fastapi import APIRouter

from functions.submit.asking import ApiKey, Owner
from matinee import bootstrap
from matinee.http import schemas
from matinee.http.problems import documented

router = APIRouter(dependencies=[ApiKey], tags=["access"])


@router.get(
    "/api/keys",
    operation_id="listApiKeys",
    summary="Who may come in, or might",
    response_model_exclude_none=True,
    responses=documented(401, 503),
)
def list_api_keys(principal: Owner) -> schemas.ApiKeyList:
    """Give the workspace's API keys, newest first. Revoked and expired ones stay for 30 days."""
    found = bootstrap.api_keys().list(principal.workspace_id)
    items = [schemas.ApiKey.model_validate({**vars(key), "current": key.id == principal.key_id}) for key in found]
    return schemas.ApiKeyList(items=items)


@router.post(
    "/api/keys",
    operation_id="createApiKey",
    summary="Make an API key",
    status_code=201,
    response_model_exclude_none=True,
    responses=documented(400, 401, 409, 413, 422, 503),
)
def create_api_key(body: schemas.ApiKeyRequest, principal: Owner) -> schemas.NewApiKey:
    """Make a key of the workspace. The answer has it; it is not shown again."""
    made = bootstrap.api_keys().create(principal.workspace_id, body.name, role=body.role, days=body.expires_in_days)
    return schemas.NewApiKey.model_validate({**vars(made), "current": False})


@router.delete(
    "/api/keys/{key_id}",
    operation_id="revokeApiKey",
    summary="Revoke an API key",
    status_code=204,
    responses=documented(401, 404, 409, 503),
)
def revoke_api_key(key_id: str, principal: Owner) -> None:
    """Make a key, and each session of it, good for nothing from now on. The last one of an owner's cannot be revoked."""
    bootstrap.api_keys().revoke(principal.workspace_id, key_id)
