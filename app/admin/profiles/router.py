"""GET, PATCH and DELETE /profiles/{visitor}, DELETE /profiles/{visitor}/identity/{user_id}."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from app.admin.profiles import service
from app.admin.profiles.schemas import Profile, TraitsPatch
from app.admin.route import AdminRoute
from app.decision.amend import Amend
from app.decision.page_load import USER_PREFIX
from app.decision.ports import Profiles
from app.kit.clock import now
from app.web.auth import require
from app.web.encoded_ids import encoded
from app.web.keyring import Caller, Role
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/profiles", tags=["profiles"], route_class=AdminRoute)

# An id may have any character, a slash too.
_VISITOR = f"/{encoded('visitor')}"
_NAME = 128
# PostgreSQL cannot store U+0000, so that nobody's name has one.
_STORABLE = r"^[^\x00]+$"

Visitor = Annotated[
    str,
    Path(
        max_length=len(USER_PREFIX) + _NAME,
        pattern=_STORABLE,
        description=f"The id of a visitor; `{USER_PREFIX}` and the id of a user name that user's profile.",
    ),
]
User = Annotated[str, Path(max_length=_NAME, pattern=_STORABLE)]


async def _profiles(request: Request) -> Profiles:
    profiles: Profiles = request.app.state.profiles
    return profiles


async def _amend(request: Request) -> Amend:
    amend: Amend = request.app.state.amend
    return amend


@router.get(
    _VISITOR,
    summary="Read what is remembered of a visitor",
    responses=problems(401, 403, 404, 422, 503),
)
async def get_profile(
    caller: Annotated[Caller, Depends(require(Role.VIEWER))],
    profiles: Annotated[Profiles, Depends(_profiles)],
    visitor: Visitor,
) -> Profile:
    """Answer the profile that the next decision starts from. Needs the role viewer."""
    return await service.get_profile(profiles, caller, visitor)


@router.patch(
    _VISITOR,
    status_code=204,
    summary="Set traits of a visitor",
    responses=problems(400, 401, 403, 413, 415, 422, 503),
)
async def set_traits(
    caller: Annotated[Caller, Depends(require(Role.EDITOR))],
    amend: Annotated[Amend, Depends(_amend)],
    visitor: Visitor,
    patch: TraitsPatch,
) -> None:
    """Patch the traits, durable before the answer and seen by the next decision. Needs the role editor.

    A visitor need not have been seen before. There is no `ETag`: pages change profiles all the time, and two
    patches of different traits never stand in each other's way.
    """
    await service.set_traits(amend, caller, visitor, patch.traits, now())


@router.delete(
    f"{_VISITOR}/identity/{encoded('user_id')}",
    status_code=204,
    summary="Undo the merge of a visitor and a user",
    responses=problems(401, 403, 404, 422, 503),
)
async def unmerge(
    caller: Annotated[Caller, Depends(require(Role.EDITOR))],
    session: Session,
    profiles: Annotated[Profiles, Depends(_profiles)],
    amend: Annotated[Amend, Depends(_amend)],
    visitor: Visitor,
    user_id: User,
) -> None:
    """Give the visitor and the user each their own again, in all profiles and results. Needs the role editor.

    A 503 may say that this is recorded and under way; asked again, it is seen through. When the user is seen
    on the device once more, that merges them anew.
    """
    await service.Unmerging(session, profiles, amend).unmerge(caller, visitor, user_id, now())


# Behind the undoing of a merge, whose path would be taken for the id of a visitor.
@router.delete(
    _VISITOR,
    status_code=204,
    summary="Erase a visitor",
    responses=problems(401, 403, 422, 503),
)
async def erase(
    caller: Annotated[Caller, Depends(require(Role.PUBLISHER))],
    session: Session,
    profiles: Annotated[Profiles, Depends(_profiles)],
    amend: Annotated[Amend, Depends(_amend)],
    visitor: Visitor,
) -> None:
    """Erase all that came of a visitor until now, everywhere; results do not count it any more.

    With a user go the devices that belong to it; what a device brought to a user leaves that user again.
    Whoever comes back begins anew. Needs the role publisher, since nothing brings it back.

    A 503 may say that this is recorded and under way; asked again, it is seen through.
    """
    await service.Erasing(session, profiles, amend).erase(caller, visitor, now())
