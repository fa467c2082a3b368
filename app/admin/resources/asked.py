"""What a request says of the resources that it is about, by its path and its query."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from fastapi import Depends, Path, Query, Request

from app.admin.resources.address import Address, Collection
from app.admin.resources.kinds import Kind
from app.admin.resources.listing import Asked
from app.web.auth import caller_of
from app.web.expected import KEY

Key = Annotated[str, Path(pattern=KEY)]
Text = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=128,
        pattern=r"^[^\x00]+$",
        description="Only those that have this text in their key or in any other text, in any case.",
    ),
]


def collection_of(kind: Kind) -> Callable[..., Awaitable[Collection]]:
    """Make the dependency that gives all resources of a kind."""

    async def inside(request: Request, placement: Key) -> Collection:
        return Collection(caller_of(request).site, kind, placement)

    async def alone(request: Request) -> Collection:
        return Collection(caller_of(request).site, kind)

    return inside if kind.is_inside else alone


def address_of(kind: Kind) -> Callable[..., Awaitable[Address]]:
    """Make the dependency that gives the one resource of a kind that the path names."""

    async def single(request: Request) -> Address:
        return Address(caller_of(request).site, kind, kind.name)

    async def named(collection: Annotated[Collection, Depends(collection_of(kind))], key: Key) -> Address:
        return collection.at(key)

    return single if kind.is_single else named


def asked_of(kind: Kind) -> Callable[..., Awaitable[Asked]]:
    """Make the dependency that gives what the query asks for."""
    sorts, statuses = "|".join(kind.sorts), "|".join(kind.statuses)

    async def asked(
        q: Text = None,
        sort: Annotated[
            str,
            Query(pattern=rf"^-?({sorts})$", description=f"One of {sorts}; with a `-` before it, backwards."),
        ] = "position",
    ) -> Asked:
        return Asked(q, sort)

    async def of_status(
        plain: Annotated[Asked, Depends(asked)],
        status: Annotated[str | None, Query(pattern=rf"^({statuses})$", description="Only those.")] = None,
    ) -> Asked:
        return msgspec.structs.replace(plain, status=status)

    return of_status if kind.statuses else asked
