"""The routes around saved tests."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from functions.submit import views
from functions.submit.asking import ApiKey, Cursor, Editor, IdempotencyKey, IfMatch, Limit, Viewer, starting
from matinee import bootstrap
from matinee.http import schemas
from matinee.http.preconditions import etag, seen_version
from matinee.http.problems import documented
from matinee.stores.sources import How
from matinee.usecases.library import Writing

router = APIRouter(dependencies=[ApiKey], tags=["tests"])


@router.post(
    "/api/tests",
    operation_id="createTest",
    summary="Save a test",
    status_code=201,
    response_model_exclude_none=True,
    responses=documented(400, 401, 409, 413, 422, 503),
)
def create_test(body: schemas.SavedTestRequest, principal: Editor, response: Response) -> schemas.SavedTest:
    """Save a test, if its script parses."""
    saved = bootstrap.library().add(principal.workspace_id, Writing(**dict(body)))
    response.headers["ETag"] = etag(saved.version)
    response.headers["Location"] = f"/api/tests/{saved.id}"
    return schemas.SavedTest.model_validate(saved)


@router.get(
    "/api/tests",
    operation_id="listTests",
    summary="List saved tests, newest first",
    response_model_exclude_none=True,
    responses=documented(400, 401, 422, 503),
)
def list_tests(
    *,
    principal: Viewer,
    search: Annotated[
        schemas.Text | None, Query(max_length=200, description="In title, description or path; in capitals or not.")
    ] = None,
    tag: Annotated[list[schemas.Tag] | None, Query(description="May be given several times: all of them.")] = None,
    path: Annotated[schemas.Path | None, Query(description="The one from exactly this file.")] = None,
    last_status: Annotated[
        list[schemas.LastStatus] | None,
        Query(
            alias="lastStatus", description="Only those whose last result is one of these; may be given several times."
        ),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.SavedTestPage:
    """Give a page of the workspace's tests, without their scripts."""
    found, following = bootstrap.tests().list(
        principal.workspace_id,
        search=search,
        tags=tag or (),
        path=path,
        last=last_status or (),
        limit=limit,
        cursor=cursor,
    )
    items = [schemas.SavedTestSummary.model_validate(test) for test in found]
    return schemas.SavedTestPage(items=items, next_cursor=following)


@router.get(
    "/api/tags",
    operation_id="listTags",
    summary="The tags of saved tests",
    responses=documented(401, 503),
)
def list_tags(principal: Viewer) -> schemas.TagList:
    """Give the tags of the workspace's tests, the most used first, and how many tests have each."""
    found = bootstrap.tests().tags(principal.workspace_id)
    return schemas.TagList(items=[schemas.TagCount.model_validate(each) for each in found])


@router.get(
    "/api/tests/{test_id}",
    operation_id="getTest",
    summary="One saved test",
    response_model_exclude_none=True,
    responses=documented(401, 404, 503),
)
def get_test(test_id: str, principal: Viewer, response: Response) -> schemas.SavedTest:
    """Give a test as it is now."""
    saved = bootstrap.tests().get(principal.workspace_id, test_id)
    response.headers["ETag"] = etag(saved.version)
    return schemas.SavedTest.model_validate(saved)


@router.put(
    "/api/tests/{test_id}",
    operation_id="updateTest",
    summary="Save a test's next version",
    response_model_exclude_none=True,
    responses=documented(400, 401, 404, 409, 412, 413, 422, 428, 503),
)
def update_test(
    test_id: str, body: schemas.SavedTestRequest, principal: Editor, response: Response, if_match: IfMatch = None
) -> schemas.SavedTest:
    """Put all of a test in the place of what it was. What changes nothing makes no version."""
    seen = seen_version(if_match)
    saved = bootstrap.library().change(principal.workspace_id, test_id, Writing(**dict(body)), seen=seen)
    response.headers["ETag"] = etag(saved.version)
    return schemas.SavedTest.model_validate(saved)


@router.delete(
    "/api/tests/{test_id}",
    operation_id="deleteTest",
    summary="Delete a saved test",
    status_code=204,
    responses=documented(401, 404, 409, 422, 503),
)
def delete_test(
    test_id: str,
    principal: Editor,
    force: Annotated[bool, Query(description="Also take it out of the jobs that have it.")] = False,
) -> None:
    """Delete a test and its versions. Its runs stay. If jobs have it, they are named, and nothing happens."""
    bootstrap.tests().delete(principal.workspace_id, test_id, force=force)


@router.get(
    "/api/tests/{test_id}/versions",
    operation_id="listTestVersions",
    summary="A saved test's versions, newest first",
    response_model_exclude_none=True,
    responses=documented(400, 401, 404, 422, 503),
)
def list_versions(test_id: str, principal: Viewer, limit: Limit = 50, cursor: Cursor = None) -> schemas.TestVersionPage:
    """Give a page of what the test was, without the scripts."""
    found, following = bootstrap.tests().versions(principal.workspace_id, test_id, limit=limit, cursor=cursor)
    items = [schemas.TestVersion.model_validate(version) for version in found]
    return schemas.TestVersionPage(items=items, next_cursor=following)


@router.get(
    "/api/tests/{test_id}/versions/{version}",
    operation_id="getTestVersion",
    summary="One version of a saved test",
    response_model_exclude_none=True,
    responses=documented(401, 404, 422, 503),
)
def get_version(test_id: str, version: Annotated[int, Path(ge=1, lt=2**31)], principal: Viewer) -> schemas.TestVersion:
    """Give the test as it was in this version."""
    found = bootstrap.tests().version(principal.workspace_id, test_id, version)
    return schemas.TestVersion.model_validate(found)


@router.post(
    "/api/tests/{test_id}/run",
    operation_id="runTest",
    summary="Run a saved test",
    status_code=202,
    response_model_exclude_none=True,
    responses=documented(400, 401, 404, 409, 413, 422, 503),
)
def run_test(
    test_id: str, body: schemas.HowRequest, principal: Editor, idempotency_key: IdempotencyKey = None
) -> schemas.RunAccepted:
    """Run a test's newest version. Each run has its own id and keeps its own report."""
    wish = dict(body)
    variables = wish.pop("variables")
    run = bootstrap.starter().test(starting(principal, idempotency_key), test_id, How(**wish), variables)
    return views.run_accepted(run)
