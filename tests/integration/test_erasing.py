"""Erasing while something that it needs is away; tests/api has it with everything there."""

import asyncio
import uuid

import pytest
import pytest_asyncio

from app.admin.profiles.service import Erasing
from app.decision.amend import Amend
from app.engine.profile import Profile
from app.engine.records import Erase
from app.kit.clock import instant_of
from app.web.keyring import Caller, Role
from app.web.problems import UnavailableError
from tests.builders import NOW
from tests.fakes import FakeJournal, FakeProfiles, FakeRulesets
from tests.integration.planted import Planted
from tests.waiting import until

USER = "$user:u-1"


class GoneOnTheWay(FakeProfiles):
    """A store that is there to be read alone."""

    async def renew(self, *_: object) -> None:
        self.away = True
        await self._answer()


class Back:
    """An office over fakes; `profiles` holds `v-1`, to whom a capped rule was shown."""

    def __init__(self, planted: Planted, profiles: FakeProfiles) -> None:
        self.planted = planted
        self.profiles = profiles
        self.journal = FakeJournal()
        self.caller = Caller(planted.site_id, "k", "secret", Role.PUBLISHER, "k")

    async def erase(self, patience_s: float = 0) -> None:
        async with self.planted.postgres.engine.begin() as connection:
            amend = Amend(self.profiles, self.journal, FakeRulesets({}))
            erasing = Erasing(connection, self.profiles, amend, patience_s=patience_s)
            await erasing.erase(self.caller, "v-1", NOW)

    async def cache(self, visitor: str, rule: str) -> None:
        stranger = await self.profiles.load(self.caller.site, visitor)
        await self.profiles.save(self.caller.site, visitor, stranger, Profile(caps={rule: [1]}))

    async def ship(self, visitor: str = "v-1", concerned: str = "v-1") -> None:
        """Note that it is done, with whom else it concerned."""
        [erase] = self.journal.records
        assert isinstance(erase, Erase)
        # All at once, as the shipper does: who waits sees none of them or all.
        await self.planted.postgres.pool.execute(
            """
            INSERT INTO erasures (site_id, id, visitor, erased, at)
            SELECT $1, $2, told.visitor, told.visitor = $4, $5 FROM unnest($3::text[]) AS told (visitor)
            """,
            *(erase.site, uuid.UUID(erase.id), list({visitor, concerned}), visitor),
            instant_of(erase.at_ms),
        )

    async def has_recorded(self) -> bool:
        return bool(self.journal.records)

    @property
    def renewed(self) -> dict[str, set[str]]:
        return {visitor: rules for (_, visitor), rules in self.profiles.renewed.items()}


@pytest_asyncio.fixture
async def back(planted: Planted) -> Back:
    opened = Back(planted, FakeProfiles())
    await opened.cache("v-1", "offer")
    await opened.cache(USER, "gift")
    return opened


async def test_what_is_not_shipped_in_time_is_recorded_and_said_to_be(back: Back) -> None:
    with pytest.raises(UnavailableError, match="it is recorded") as refused:
        await back.erase()

    assert refused.value.headers["Retry-After"] == "1"
    assert [(type(one), one.visitor) for one in back.journal.records] == [(Erase, "v-1")]
    assert back.renewed == {}


async def test_what_is_shipped_meanwhile_is_waited_for(back: Back) -> None:
    waiting = asyncio.create_task(back.erase(patience_s=60))
    await until(back.has_recorded)
    await back.ship(concerned=USER)
    await waiting

    assert set(back.renewed) == {"v-1", USER}
    assert back.renewed["v-1"] >= {"offer"}
    assert back.renewed[USER] >= {"gift"}


async def test_asked_again_those_are_seen_to_who_went_with_an_earlier_call(back: Back) -> None:
    with pytest.raises(UnavailableError):
        await back.erase()
    await back.ship(concerned=USER)
    back.journal.records.clear()

    waiting = asyncio.create_task(back.erase(patience_s=60))
    await until(back.has_recorded)
    await back.ship()
    await waiting

    assert set(back.renewed) == {"v-1", USER}


async def test_whose_device_was_erased_is_not_erased_by_that(back: Back) -> None:
    waiting = asyncio.create_task(back.erase(patience_s=60))
    await until(back.has_recorded)
    await back.ship(visitor=USER, concerned="v-1")
    await waiting

    assert back.renewed == {}


async def test_a_full_journal_erases_nothing(back: Back) -> None:
    back.journal.full = True

    with pytest.raises(UnavailableError, match="cannot be erased just now: full"):
        await back.erase()

    assert back.renewed == {}


async def test_while_profiles_are_away_nothing_is_recorded(back: Back) -> None:
    back.profiles.away = True

    with pytest.raises(UnavailableError, match="cannot be read just now"):
        await back.erase()

    assert back.journal.records == []


async def test_caches_that_go_away_on_the_way_are_to_be_asked_again(planted: Planted) -> None:
    back = Back(planted, GoneOnTheWay())
    waiting = asyncio.create_task(back.erase(patience_s=60))
    await until(back.has_recorded)
    await back.ship()

    with pytest.raises(UnavailableError, match="not everywhere yet"):
        await waiting
