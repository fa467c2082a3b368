"""/keys."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from app.admin.idempotency import Idempotent
from app.admin.keys import service
from app.admin.keys.examples import KEY, KEYS, MADE, PATCH, ROTATION, WANTED
from app.admin.keys.schemas import Key, KeyPatch, MadeKey, Rotation, State, WantedKey
from app.admin.keys.service import Asked
from app.admin.route import AdminRoute
from app.kit.clock import now
from app.web.auth import require
from app.web.etag import NOT_MODIFIED, Preconditions
from app.web.keyring import Caller, Keyring, Role
from app.web.paging import Listing, Paging
from app.web.pepper import Pepper
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/keys", tags=["keys"], route_class=AdminRoute)


async def _asked(caller: Annotated[Caller, Depends(require(Role.ADMIN))], session: Session) -> Asked:
    return Asked(session, caller, now())


async def _pepper(request: Request) -> Pepper | None:
    keyring: Keyring = request.app.state.keyring
    return keyring.pepper


Admin = Annotated[Asked, Depends(_asked)]
NewPepper = Annotated[Pepper | None, Depends(_pepper)]


def _answering(status: int, example: Any, *refusals: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"content": {"application/json": {"example": example}}}, **problems(*refusals)}


@router.post(
    "",
    status_code=201,
    summary="Make a key",
    responses=_answering(201, MADE, 400, 401, 403, 409, 413, 415, 422, 503),
)
async def create_key(
    admin: Admin,
    _once: Idempotent,
    pepper: NewPepper,
    wanted: Annotated[WantedKey, Body(openapi_examples=WANTED)],
    response: Response,
) -> MadeKey:
    """Answer a new key, this once: only its hash is kept. Every worker knows it within milliseconds."""
    return _told_once(await service.create_key(admin, wanted, pepper), response)


@router.get("", summary="List keys, newest first", responses=_answering(200, KEYS, 401, 403, 422, 503))
async def list_keys(
    admin: Admin,
    page: Paging,
    state: Annotated[State | None, Query(description="Only keys in this state.")] = None,
) -> Listing[Key]:
    """List the keys of the site, those that are over too; neither keys nor hashes are told."""
    return await service.list_keys(admin, state, page)


@router.get(
    "/{key_id}",
    summary="Read about a key",
    responses={**_answering(200, KEY, 401, 403, 404, 422, 503), **NOT_MODIFIED},
)
async def get_key(admin: Admin, key_id: UUID, response: Response) -> Key:
    """Tell what a key may do, until when, and when it was last used."""
    key = await service.get_key(admin, key_id)
    response.headers["ETag"] = service.etag(key)
    return key


@router.patch(
    "/{key_id}",
    summary="Change a key",
    responses=_answering(200, KEY, 400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
)
async def change_key(
    admin: Admin,
    key_id: UUID,
    precondition: Preconditions,
    patch: Annotated[KeyPatch, Body(openapi_examples=PATCH)],
    response: Response,
) -> Key:
    """Give a key another name, role or end; the key itself stays. The last admin's key stays an admin's."""
    key = await service.change_key(admin, key_id, patch, precondition)
    response.headers["ETag"] = service.etag(key)
    return key


@router.delete(
    "/{key_id}", status_code=204, summary="Revoke a key", responses=problems(401, 403, 404, 409, 422, 503)
)
async def revoke_key(admin: Admin, key_id: UUID) -> None:
    """Let a key never be good again, in every worker within milliseconds; that needs no `If-Match`.

    The last admin's key that does not expire stays (409), so that a site never is without.
    """
    await service.revoke_key(admin, key_id)


@router.post(
    "/{key_id}/rotate",
    status_code=201,
    summary="Rotate a key",
    responses=_answering(201, MADE, 400, 401, 403, 404, 409, 413, 415, 422, 503),
)
async def rotate_key(
    admin: Admin,
    _once: Idempotent,
    pepper: NewPepper,
    key_id: UUID,
    rotation: Annotated[Rotation, Body(openapi_examples=ROTATION)],
    response: Response,
) -> MadeKey:
    """Answer a new key of the same kind, role and name, this once; the old one expires after the overlap."""
    return _told_once(await service.rotate_key(admin, key_id, rotation, pepper), response)


def _told_once(made: MadeKey, response: Response) -> MadeKey:
    response.headers["Location"] = f"/api/v1/keys/{made.id}"
    response.headers["ETag"] = service.etag(made)
    response.headers["Cache-Control"] = "no-store"
    return made
