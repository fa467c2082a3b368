"""Telling what is remembered of a visitor, setting traits, undoing a merge, and erasing."""

import asyncio
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.profiles import repository, schemas
from app.admin.profiles.telling import tell
from app.decision.amend import TRAITS_BYTES, Amend, TraitsTooLargeError
from app.decision.page_load import profile_key
from app.decision.ports import Profiles
from app.engine.problems import Problem
from app.engine.profile import Profile
from app.engine.records import Erase, Merge, Unmerge
from app.journal.append import JournalUnavailable
from app.profiles.loaded import ProfilesUnavailable
from app.profiles.sources import standing
from app.web.keyring import Caller
from app.web.problems import NotFoundError, UnavailableError, WrongContentError

PATIENCE_S = 5.0
_POLL_S = 0.05


async def get_profile(profiles: Profiles, caller: Caller, visitor: str) -> schemas.Profile:
    """Tell what is remembered of a visitor.

    Raises:
        NotFoundError: nothing is.
        UnavailableError: the profile store does not answer.

    """
    profile = await _load(profiles, caller, visitor)
    if profile == Profile():
        raise NotFoundError(f"nothing is remembered of a visitor {visitor!r}")
    return tell(visitor, profile)


async def set_traits(
    amend: Amend, caller: Caller, visitor: str, traits: Mapping[str, Any], now: datetime
) -> None:
    """Patch a visitor's traits.

    Raises:
        UnavailableError: that cannot be made durable.
        WrongContentError: there would be too many of them.

    """
    try:
        await amend.set_traits(caller.site, visitor, traits, now)
    except TraitsTooLargeError as error:
        said = f"the visitor's traits would be more than {TRAITS_BYTES:,} bytes of JSON all together"
        raise WrongContentError([Problem("/traits", said)]) from error
    except JournalUnavailable as error:
        raise UnavailableError(f"traits cannot be kept just now: {error}") from error


class Unmerging:
    """Undoes the merge of a device and a user, as far as it goes within `patience_s`."""

    def __init__(
        self, connection: AsyncConnection, profiles: Profiles, amend: Amend, *, patience_s: float = PATIENCE_S
    ) -> None:
        self._connection = connection
        self._profiles = profiles
        self._amend = amend
        self._patience_s = patience_s

    async def unmerge(self, caller: Caller, visitor: str, user: str, now: datetime) -> None:
        """Give a device and a user each their own again; done when this returns, and again harmless.

        Raises:
            NotFoundError: they were never merged.
            UnavailableError: it is under way, or something that it needs is away; to be asked again.

        """
        into = profile_key(visitor, user)
        changes = await repository.list_merges(self._connection, caller.site, visitor)
        merge = standing(changes)
        if merge is not None and merge.into == into:
            await self._undo(merge, now)
        elif not any(isinstance(change, Unmerge) and change.into == into for change in changes):
            await self._refuse(caller, visitor, into)
        # What is cached is still of the two together; also where an earlier call came only so far.
        try:
            await self._profiles.forget(caller.site, visitor)
            await self._profiles.forget(caller.site, into)
        except ProfilesUnavailable as error:
            raise UnavailableError(f"the merge is undone, but not everywhere yet: {error}") from error

    async def _undo(self, merge: Merge, now: datetime) -> None:
        try:
            unmerge = await self._amend.undo(merge, now)
        except JournalUnavailable as error:
            raise UnavailableError(f"the merge cannot be undone just now: {error}") from error
        if not await _is_shipped(self._connection, unmerge, self._patience_s):
            told = "it is recorded that the merge is undone and will be done; ask again to see it through"
            raise UnavailableError(told)

    async def _refuse(self, caller: Caller, visitor: str, into: str) -> None:
        if (await _load(self._profiles, caller, visitor)).owner == into:
            raise UnavailableError("the merge is so new that it is not stored yet; ask again")
        raise NotFoundError(f"{visitor!r} was never merged into {into!r}")


class Erasing:
    """Erases visitors, as far as it goes within `patience_s`."""

    def __init__(
        self, connection: AsyncConnection, profiles: Profiles, amend: Amend, *, patience_s: float = PATIENCE_S
    ) -> None:
        self._connection = connection
        self._profiles = profiles
        self._amend = amend
        self._patience_s = patience_s

    async def erase(self, caller: Caller, visitor: str, now: datetime) -> None:
        """Let all that came of a visitor until now be gone; done when this returns, and again harmless.

        Raises:
            UnavailableError: it is under way, or something that it needs is away; to be asked again.

        """
        capped = set((await _load(self._profiles, caller, visitor)).caps)
        try:
            erase = await self._amend.erase(caller.site, visitor, now)
        except JournalUnavailable as error:
            raise UnavailableError(f"the visitor cannot be erased just now: {error}") from error
        if not await _is_shipped(self._connection, erase, self._patience_s):
            told = "it is recorded that the visitor is erased and will be done; ask again to see it through"
            raise UnavailableError(told)
        # Also those who went with an earlier call that came only so far.
        for one in await repository.list_concerned(self._connection, caller.site, visitor):
            capped |= set((await _load(self._profiles, caller, one)).caps)
            await self._renew(caller, one, capped)

    async def _renew(self, caller: Caller, visitor: str, capped: AbstractSet[str]) -> None:
        try:
            await self._profiles.renew(caller.site, visitor, capped)
        except ProfilesUnavailable as error:
            raise UnavailableError(f"the visitor is erased, but not everywhere yet: {error}") from error


async def _is_shipped(connection: AsyncConnection, change: Unmerge | Erase, patience_s: float) -> bool:
    """Wait until a record is stored; False where that takes longer than our patience."""
    give_up_at = asyncio.get_running_loop().time() + patience_s
    while not await repository.is_stored(connection, change):
        if asyncio.get_running_loop().time() >= give_up_at:
            return False
        await asyncio.sleep(_POLL_S)
    return True


async def _load(profiles: Profiles, caller: Caller, visitor: str) -> Profile:
    try:
        return (await profiles.load(caller.site, visitor)).profile
    except ProfilesUnavailable as error:
        raise UnavailableError(f"profiles cannot be read just now: {error}") from error
