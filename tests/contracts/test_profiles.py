"""What every profile store promises: the one in memory and the one on Valkey."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio

from app.decision.ports import Profiles
from app.embedded.servers import Servers
from app.engine.profile import ArmHeld, Profile
from app.profiles.codec import ABSENT
from app.profiles.durable import DurableProfiles
from app.profiles.hot import Hot
from app.profiles.loaded import Loaded, ProfilesUnavailable
from app.profiles.redis import RedisProfiles
from app.storage.postgres import Postgres
from app.storage.valkey import Valkey
from tests.fakes import FakeProfiles
from tests.sites import SiteFactory

KNOWN = Profile(first_ms=7, arms={"hero-copy": ArmHeld("control", 1, 7)})


class Stores(Protocol):
    """One kind of store: sound, away, and slower than its budget."""

    def sound(self) -> Profiles: ...

    def away(self) -> Profiles: ...

    def slow(self) -> Profiles: ...


class FakeStores:
    def sound(self) -> Profiles:
        return FakeProfiles(keeps_hot=True)

    def away(self) -> Profiles:
        store = FakeProfiles()
        store.away = True
        return store

    def slow(self) -> Profiles:
        store = FakeProfiles()
        store.takes_s = 60
        return store


class RedisStores:
    def __init__(self, valkey: Valkey, hot: Hot, deaf: Valkey, postgres: Postgres) -> None:
        self._valkey = valkey
        self._hot = hot
        self._deaf = deaf
        self._durable = DurableProfiles(postgres.pool, lambda _: None)

    def sound(self) -> Profiles:
        return RedisProfiles(self._valkey, self._durable, budget_s=10, ttl_s=60, hot=self._hot)

    def away(self) -> Profiles:
        nowhere = Valkey("unix:///nowhere/valkey.sock")
        return RedisProfiles(nowhere, self._durable, budget_s=10, ttl_s=60)

    def slow(self) -> Profiles:
        return RedisProfiles(self._deaf, self._durable, budget_s=0.01, ttl_s=60)


@asynccontextmanager
async def deaf_server(folder: Path) -> AsyncIterator[Valkey]:
    """Somebody who takes connections and never says a word."""
    silent = asyncio.Event()

    async def listen(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    server = await asyncio.start_unix_server(listen, folder / "deaf.sock")
    client = Valkey(f"unix://{folder / 'deaf.sock'}")
    yield client
    client.close()
    silent.set()
    server.close()
    await server.wait_closed()


@pytest_asyncio.fixture(params=["fake", "redis"])
async def stores(
    request: pytest.FixtureRequest, servers: Servers, postgres: Postgres, tmp_path: Path
) -> AsyncIterator[Stores]:
    if request.param == "fake":
        yield FakeStores()
        return
    hot = Hot(100)
    valkey = Valkey(servers.redis_url, copies=hot)
    async with deaf_server(tmp_path) as deaf:
        yield RedisStores(valkey, hot, deaf, postgres)
    valkey.close()


@pytest.fixture
def profiles(stores: Stores) -> Profiles:
    return stores.sound()


@pytest_asyncio.fixture
async def site(new_site: SiteFactory) -> int:
    return (await new_site()).site_id


async def test_a_stranger_has_an_empty_profile(profiles: Profiles, site: int) -> None:
    assert await profiles.load(site, "v-1") == Loaded(Profile(), ABSENT)


async def test_what_was_saved_is_loaded(profiles: Profiles, site: int) -> None:
    stranger = await profiles.load(site, "v-1")

    assert await profiles.save(site, "v-1", stranger, KNOWN)

    loaded = await profiles.load(site, "v-1")
    assert loaded.profile == KNOWN
    assert loaded.version != ABSENT


async def test_each_save_has_a_version_of_its_own(profiles: Profiles, site: int) -> None:
    await profiles.save(site, "v-1", await profiles.load(site, "v-1"), KNOWN)
    first = await profiles.load(site, "v-1")

    assert await profiles.save(site, "v-1", first, KNOWN)

    assert (await profiles.load(site, "v-1")).version != first.version


async def test_who_comes_second_changes_nothing(profiles: Profiles, site: int) -> None:
    seen_by_both = await profiles.load(site, "v-1", ["e-1"])
    await profiles.save(site, "v-1", seen_by_both, KNOWN)

    assert not await profiles.save(site, "v-1", seen_by_both, Profile(first_ms=8), ["e-1"])

    after = await profiles.load(site, "v-1", ["e-1"])
    assert (after.profile, after.known_ids) == (KNOWN, frozenset())


async def test_a_stale_version_is_refused(profiles: Profiles, site: int) -> None:
    await profiles.save(site, "v-1", await profiles.load(site, "v-1"), KNOWN)
    stale = await profiles.load(site, "v-1")
    await profiles.save(site, "v-1", stale, Profile(first_ms=8))

    assert not await profiles.save(site, "v-1", stale, KNOWN)
    assert (await profiles.load(site, "v-1")).profile == Profile(first_ms=8)


async def test_the_events_of_a_save_are_known_from_then_on(profiles: Profiles, site: int) -> None:
    await profiles.save(site, "v-1", await profiles.load(site, "v-1"), KNOWN, ["e-1", "e-2"])

    loaded = await profiles.load(site, "v-1", ["e-2", "e-3", "e-1"])

    assert loaded.known_ids == {"e-1", "e-2"}


async def test_events_that_were_known_stay_known(profiles: Profiles, site: int) -> None:
    await profiles.save(site, "v-1", await profiles.load(site, "v-1"), KNOWN, ["e-1"])
    await profiles.save(site, "v-1", await profiles.load(site, "v-1"), KNOWN, ["e-2"])

    assert (await profiles.load(site, "v-1", ["e-1", "e-2"])).known_ids == {"e-1", "e-2"}


async def test_what_was_forgotten_is_loaded_as_if_it_had_never_been_here(
    profiles: Profiles, site: int
) -> None:
    for visitor in ("v-1", "v-2"):
        await profiles.save(site, visitor, await profiles.load(site, visitor), KNOWN, ["e-1"])
    seen = await profiles.load(site, "v-1")

    await profiles.forget(site, "v-1")

    assert await profiles.load(site, "v-1", ["e-1"]) == Loaded(Profile(), ABSENT, frozenset({"e-1"}))
    assert not await profiles.save(site, "v-1", seen, KNOWN)
    assert (await profiles.load(site, "v-2")).profile == KNOWN


async def test_to_forget_a_stranger_changes_nothing(profiles: Profiles, site: int) -> None:
    await profiles.forget(site, "v-1")

    assert await profiles.load(site, "v-1") == Loaded(Profile(), ABSENT)


async def test_what_was_read_before_a_renewal_cannot_be_saved_any_more(profiles: Profiles, site: int) -> None:
    never_cached = await profiles.load(site, "v-1")
    await profiles.save(site, "v-1", never_cached, KNOWN, ["e-1"])
    cached = await profiles.load(site, "v-1")

    await profiles.renew(site, "v-1", ["offer"])

    for seen in (never_cached, cached):
        assert not await profiles.save(site, "v-1", seen, KNOWN)
    renewed = await profiles.load(site, "v-1", ["e-1"])
    assert (renewed.profile, renewed.known_ids) == (Profile(), frozenset({"e-1"}))
    assert await profiles.save(site, "v-1", renewed, KNOWN)


@pytest.mark.parametrize("other", ["v-2", "v", "v-1e", "", "{v-1}", "v-1}e-1", "1:v-1", "é", "$user:v-1"])
async def test_no_visitor_sees_another_however_they_are_called(
    profiles: Profiles, site: int, other: str
) -> None:
    await profiles.save(site, "v-1", await profiles.load(site, "v-1"), KNOWN, ["e-1"])

    assert await profiles.load(site, other, ["e-1", "-1"]) == Loaded(Profile(), ABSENT)


async def at_hand(profiles: Profiles, site: int) -> Loaded:
    """What is held near by of somebody who was loaded; it is believed for some milliseconds only."""
    async with asyncio.timeout(60):
        while (held := profiles.find_hot(site, "v-1")) is None:
            await profiles.load(site, "v-1")
    return held


async def test_what_was_loaded_is_at_hand_from_then_on(profiles: Profiles, site: int) -> None:
    assert profiles.find_hot(site, "v-1") is None
    await profiles.save(site, "v-1", await profiles.load(site, "v-1"), KNOWN)

    loaded = await profiles.load(site, "v-1")

    assert await at_hand(profiles, site) == loaded
    assert profiles.find_hot(site + 1_000_000, "v-1") is None


async def test_a_stranger_is_never_at_hand(profiles: Profiles, site: int) -> None:
    await profiles.load(site, "v-1")

    assert profiles.find_hot(site, "v-1") is None


@pytest.mark.parametrize("change", ["save", "forget", "renew"])
async def test_what_was_changed_is_not_at_hand_as_it_was(profiles: Profiles, site: int, change: str) -> None:
    await profiles.save(site, "v-1", await profiles.load(site, "v-1"), KNOWN)
    seen = await profiles.load(site, "v-1")

    if change == "save":
        assert await profiles.save(site, "v-1", seen, Profile(first_ms=8))
    elif change == "forget":
        await profiles.forget(site, "v-1")
    else:
        await profiles.renew(site, "v-1", ())

    assert profiles.find_hot(site, "v-1") in (None, await profiles.load(site, "v-1"))


async def test_what_is_at_hand_can_be_saved(profiles: Profiles, site: int) -> None:
    await profiles.save(site, "v-1", await profiles.load(site, "v-1"), KNOWN)
    held = await at_hand(profiles, site)

    assert await profiles.save(site, "v-1", held, Profile(first_ms=8))
    assert not await profiles.save(site, "v-1", held, Profile(first_ms=9))

    assert (await profiles.load(site, "v-1")).profile == Profile(first_ms=8)


async def test_no_site_sees_another(profiles: Profiles, site: int) -> None:
    await profiles.save(site, "v-1", await profiles.load(site, "v-1"), KNOWN, ["e-1"])

    assert await profiles.load(site + 1_000_000, "v-1", ["e-1"]) == Loaded(Profile(), ABSENT)


@pytest.mark.parametrize("fault", ["away", "slow"])
async def test_a_store_that_does_not_answer_in_time_is_unavailable(stores: Stores, fault: str) -> None:
    store: Profiles = getattr(stores, fault)()

    assert store.find_hot(1, "v-1") is None
    with pytest.raises(ProfilesUnavailable):
        await store.load(1, "v-1", ["e-1"])
    with pytest.raises(ProfilesUnavailable):
        await store.save(1, "v-1", Loaded(Profile(), ABSENT), KNOWN, ["e-1"])
    with pytest.raises(ProfilesUnavailable):
        await store.forget(1, "v-1")
    with pytest.raises(ProfilesUnavailable):
        await store.renew(1, "v-1", ())
