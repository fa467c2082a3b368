"""The routes of every kind: GET and POST on its list, GET, PUT, PATCH and DELETE on each.

They are made of one description each, so that no kind can differ from the others by accident.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Response

from app.admin.idempotency import Idempotent
from app.admin.resources import service
from app.admin.resources.address import Address, Collection
from app.admin.resources.asked import address_of, asked_of, collection_of
from app.admin.resources.kinds import LISTED, SINGLE, Kind
from app.admin.resources.listing import Asked
from app.admin.route import AdminRoute
from app.web.auth import require
from app.web.etag import NOT_MODIFIED, Preconditions
from app.web.keyring import Caller, Role
from app.web.paging import Listing, Paging
from app.web.problem_schema import problems
from app.web.session import Session

MERGE_PATCH = "application/merge-patch+json"

Viewer = Annotated[Caller, Depends(require(Role.VIEWER))]
Editor = Annotated[Caller, Depends(require(Role.EDITOR))]


def resources() -> APIRouter:
    """Mount every kind."""
    router = APIRouter(route_class=AdminRoute)
    for kind in LISTED:
        one = f"{kind.path}/{{key}}"
        for add, path in (
            (_add_list, kind.path),
            (_add_post, kind.path),
            (_add_get, one),
            (_add_put, one),
            (_add_patch, one),
            (_add_delete, one),
        ):
            add(router, kind, path)
    for kind in SINGLE:
        _add_get(router, kind, kind.path)
        _add_patch(router, kind, kind.path)
    return router


def _add_list(router: APIRouter, kind: Kind, path: str) -> None:
    @router.get(
        path,
        tags=_tags(kind),
        summary=f"List {kind.name.replace('_', ' ')}",
        response_model=Listing.__class_getitem__(kind.part),
        responses={
            **problems(401, 403, *_not_found(kind), 422, 503),
            **_example(200, {"items": [kind.example], "next_cursor": None}),
        },
    )
    async def list_resources(
        _caller: Viewer,
        session: Session,
        collection: Annotated[Collection, Depends(collection_of(kind))],
        asked: Annotated[Asked, Depends(asked_of(kind))],
        page: Paging,
    ) -> Response:
        """Answer a page of them, each as it was put. A cursor belongs to the order it was given in."""
        content = await service.list_resources(session, collection, asked, page)
        return Response(content, media_type="application/json")


def _add_get(router: APIRouter, kind: Kind, path: str) -> None:
    @router.get(
        path,
        tags=_tags(kind),
        summary=f"Read {kind.noun}",
        response_model=kind.part,
        responses={
            **problems(401, 403, *_not_found(kind, one=True), 422, 503),
            **NOT_MODIFIED,
            **_example(200, kind.example),
        },
    )
    async def get_resource(
        _caller: Viewer, session: Session, at: Annotated[Address, Depends(address_of(kind))]
    ) -> Response:
        """Answer it as it was put: what was left out is not in it. The `ETag` is what a change needs."""
        return _answered(await service.get_resource(session, at))


def _add_post(router: APIRouter, kind: Kind, path: str) -> None:
    new = kind.new

    @router.post(
        path,
        tags=_tags(kind),
        status_code=201,
        summary=f"Create {kind.noun}",
        response_model=kind.part,
        responses={
            **problems(400, 401, 403, *_not_found(kind), 409, 413, 415, 422, 503),
            **_example(201, kind.example),
        },
    )
    async def create(
        caller: Editor,
        session: Session,
        _once: Idempotent,
        collection: Annotated[Collection, Depends(collection_of(kind))],
        given: Annotated[new, Body(openapi_examples=_examples(kind, kind.example))],  # type: ignore[valid-type] # the type is made when the program runs
    ) -> Response:
        """Make one that is not there yet, behind those that are; 409 if it is."""
        document = given.given  # type: ignore[attr-defined] # it is a Body
        at = collection.at(document["key"])
        return _answered(await service.create(session, caller, at, document), at)


def _add_put(router: APIRouter, kind: Kind, path: str) -> None:
    put = kind.put

    @router.put(
        path,
        tags=_tags(kind),
        summary=f"Create or replace {kind.noun}",
        response_model=kind.part,
        responses={
            **problems(400, 401, 403, *_not_found(kind), 409, 412, 413, 415, 422, 428, 503),
            **_example(200, kind.example),
            **_example(201, kind.example),
        },
    )
    async def put_resource(
        caller: Editor,
        session: Session,
        at: Annotated[Address, Depends(address_of(kind))],
        precondition: Preconditions,
        given: Annotated[put, Body(openapi_examples=_examples(kind, kind.example))],  # type: ignore[valid-type] # the type is made when the program runs
    ) -> Response:
        """Make it equal to what is given. One that is there needs `If-Match`, with the ETag of a GET.

        One that is not there is made, behind the others; `If-None-Match: *` is for only that.
        """
        document = given.given  # type: ignore[attr-defined] # it is a Body
        return _answered(await service.put(session, caller, at, precondition, document), at)


def _add_patch(router: APIRouter, kind: Kind, path: str) -> None:
    changes = kind.changes
    content = {
        "schema": {"$ref": f"#/components/schemas/{changes.__name__}"},
        "examples": _examples(kind, kind.patch),
    }

    @router.patch(
        path,
        tags=_tags(kind),
        summary=f"Change {kind.noun}",
        response_model=kind.part,
        responses={
            **problems(400, 401, 403, *_not_found(kind, one=True), 412, 413, 415, 422, 428, 503),
            **_example(200, kind.example),
        },
        openapi_extra={"requestBody": {"content": {MERGE_PATCH: content, "application/json": content}}},
    )
    async def patch_resource(
        caller: Editor,
        session: Session,
        at: Annotated[Address, Depends(address_of(kind))],
        precondition: Preconditions,
        change: Annotated[changes, Body(media_type=MERGE_PATCH)],  # type: ignore[valid-type] # the type is made when the program runs
    ) -> Response:
        """Merge a change into it (RFC 7396): null takes away, an array replaces. `If-Match` is needed."""
        given = change.given  # type: ignore[attr-defined] # it is a Body
        return _answered(await service.patch(session, caller, at, precondition, given))


def _add_delete(router: APIRouter, kind: Kind, path: str) -> None:
    @router.delete(
        path,
        tags=_tags(kind),
        status_code=204,
        summary=f"Delete {kind.noun}",
        responses=problems(401, 403, 404, 409, 412, 422, 428, 503),
    )
    async def delete_resource(
        caller: Editor,
        session: Session,
        at: Annotated[Address, Depends(address_of(kind))],
        precondition: Preconditions,
    ) -> None:
        """Delete it. While others of the draft use it that is a 409, whose `errors` name each of them."""
        await service.delete(session, caller, at, precondition)


def _tags(kind: Kind) -> list[Any]:
    return ["placements" if kind.is_inside else kind.name]


def _not_found(kind: Kind, *, one: bool = False) -> tuple[int, ...]:
    return (404,) if kind.is_inside or (one and not kind.is_single) else ()


def _example(status: int, example: object) -> dict[int | str, dict[str, Any]]:
    return {status: {"content": {"application/json": {"example": example}}}}


def _examples(kind: Kind, value: object) -> Any:
    return {kind.noun: {"value": value}}


def _answered(answer: service.Answer, at: Address | None = None) -> Response:
    headers = {"ETag": answer.etag}
    if answer.is_new and at is not None:
        headers["Location"] = f"/api/v1/{at.name}"
    return Response(answer.content, 201 if answer.is_new else 200, headers, "application/json")
