"""Undoing a merge while something that it needs is away; tests/api has it with everything there."""

import asyncio

import pytest
import pytest_asyncio

from app.admin.profiles.service import Unmerging, get_profile, set_traits
from app.decision.amend import Amend
from app.engine.profile import Profile
from app.engine.records import Unmerge
from app.web.keyring import Caller, Role
from app.web.problems import NotFoundError, UnavailableError
from tests.builders import DAY, NOW
from tests.fakes import FakeJournal, FakeProfiles, FakeRulesets
from tests.integration.planted import Planted
from tests.waiting import until

USER = "$user:u-1"


class Back:
    """An office over fakes; `profiles` holds `v-1` as it was left to its user."""

    def __init__(self, planted: Planted) -> None:
        self.planted = planted
        self.profiles = FakeProfiles()
        self.journal = FakeJournal()
        self.amend = Amend(self.profiles, self.journal, FakeRulesets({}))
        self.caller = Caller(planted.site_id, "k", "secret", Role.EDITOR, "k")

    async def unmerge(self, visitor: str = "v-1", user: str = "u-1", patience_s: float = 0) -> None:
        async with self.planted.postgres.engine.begin() as connection:
            unmerging = Unmerging(connection, self.profiles, self.amend, patience_s=patience_s)
            await unmerging.unmerge(self.caller, visitor, user, NOW)

    async def cache(self, visitor: str) -> None:
        stranger = await self.profiles.load(self.caller.site, visitor)
        await self.profiles.save(self.caller.site, visitor, stranger, Profile(first_ms=1, owner=USER))

    async def is_cached(self, visitor: str) -> bool:
        return (await self.profiles.load(self.caller.site, visitor)).profile != Profile()

    async def has_recorded(self) -> bool:
        return bool(self.journal.records)

    @property
    def undone(self) -> list[tuple[str, str]]:
        return [(one.visitor, one.into) for one in self.journal.records if isinstance(one, Unmerge)]


@pytest_asyncio.fixture
async def back(planted: Planted) -> Back:
    opened = Back(planted)
    for visitor in ("v-1", USER):
        await opened.cache(visitor)
    return opened


async def test_what_is_not_shipped_in_time_is_recorded_and_said_to_be(back: Back) -> None:
    await back.planted.merge("v-1", USER)

    with pytest.raises(UnavailableError, match="it is recorded") as refused:
        await back.unmerge()

    assert refused.value.headers["Retry-After"] == "1"
    assert back.undone == [("v-1", USER)]
    assert await back.is_cached("v-1")


async def test_asked_again_it_is_seen_through_without_another_record(back: Back) -> None:
    await back.planted.merge("v-1", USER, DAY)
    await back.planted.unmerge("v-1", USER, 2 * DAY)

    await back.unmerge()

    assert back.undone == []
    assert [await back.is_cached(visitor) for visitor in ("v-1", USER)] == [False, False]


async def test_what_is_shipped_meanwhile_is_waited_for(back: Back) -> None:
    await back.planted.merge("v-1", USER)
    waiting = asyncio.create_task(back.unmerge(patience_s=60))
    await until(back.has_recorded)
    [unmerge] = back.journal.records
    assert isinstance(unmerge, Unmerge)

    await back.planted.store(unmerge)
    await waiting

    assert [await back.is_cached(visitor) for visitor in ("v-1", USER)] == [False, False]


async def test_a_full_journal_undoes_nothing(back: Back) -> None:
    await back.planted.merge("v-1", USER)
    back.journal.full = True

    with pytest.raises(UnavailableError, match="cannot be undone just now: full"):
        await back.unmerge()

    assert await back.is_cached("v-1")


async def test_caches_that_are_away_are_to_be_asked_again(back: Back) -> None:
    await back.planted.merge("v-1", USER, DAY)
    await back.planted.unmerge("v-1", USER, 2 * DAY)
    back.profiles.away = True

    with pytest.raises(UnavailableError, match="not everywhere yet"):
        await back.unmerge()

    back.profiles.away = False
    await back.unmerge()
    assert not await back.is_cached("v-1")


async def test_a_merge_that_is_only_cached_yet_is_to_be_asked_again(back: Back) -> None:
    with pytest.raises(UnavailableError, match="not stored yet"):
        await back.unmerge()

    assert back.undone == []


async def test_whoever_came_second_to_a_device_was_never_merged_with_it(back: Back) -> None:
    await back.planted.merge("v-1", USER, DAY)
    await back.planted.merge("v-1", "$user:u-2", 2 * DAY)

    with pytest.raises(NotFoundError, match="never merged"):
        await back.unmerge(user="u-2")

    assert back.undone == []


async def test_an_undoing_of_another_user_changes_nothing(back: Back) -> None:
    await back.planted.merge("v-1", "$user:u-2", DAY)
    await back.planted.unmerge("v-1", "$user:u-2", 2 * DAY)

    with pytest.raises(NotFoundError):
        await back.unmerge(user="u-3")


async def test_profiles_that_are_away_cannot_be_read(back: Back) -> None:
    back.profiles.away = True

    with pytest.raises(UnavailableError, match="cannot be read just now"):
        await get_profile(back.profiles, back.caller, "v-1")


async def test_a_full_journal_takes_no_traits(back: Back) -> None:
    back.journal.full = True

    with pytest.raises(UnavailableError, match="cannot be kept just now: full"):
        await set_traits(back.amend, back.caller, "v-1", {"a": 1}, NOW)
