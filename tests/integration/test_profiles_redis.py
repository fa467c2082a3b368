"""The profile store on the real Valkey, with the durable copies in the real PostgreSQL behind it."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from app.decision.remember import remember
from app.engine.profile import Profile
from app.engine.records import Event
from app.engine.ruleset import Ruleset
from app.kit.clock import ms_of, now
from app.profiles.codec import encode_profile
from app.profiles.durable import DurableProfiles
from app.profiles.loaded import Loaded, ProfilesUnavailable
from app.profiles.redis import MARK_S, RedisProfiles
from app.storage.postgres import Postgres
from app.storage.valkey import Valkey
from tests.builders import ruleset, segment
from tests.sites import SiteFactory
from tests.waiting import until

RULES = ruleset(segments=[segment("viewed", {"events.page_viewed.count": {"$gte": 1}})])
KNOWN = Profile(first_ms=7)
TTL_S = 1_000


class Store:
    """One visitor of one site, in Valkey and in PostgreSQL."""

    def __init__(self, redis: Redis, valkey: Valkey, postgres: Postgres, site: int) -> None:
        self.redis = redis
        self.valkey = valkey
        self.pool = postgres.pool
        self.site = site
        self.visitor = f"v-{uuid.uuid4().hex}"
        self.durable = DurableProfiles(postgres.pool, lambda _: RULES)
        self.profiles = RedisProfiles(valkey, self.durable, budget_s=10, ttl_s=TTL_S)

    @property
    def key(self) -> str:
        return f"profile:{{{self.site}:{len(self.visitor)}:{self.visitor}}}"

    def viewed(self, id_: str) -> Event:
        at_ms = ms_of(now())
        return Event(self.site, self.visitor, id_, "page_viewed", {}, at_ms, at_ms)

    async def load(self, *ids: str) -> Loaded:
        return await self.profiles.load(self.site, self.visitor, ids)

    async def save(self, profile: Profile, ids: Sequence[str] = ()) -> bool:
        return await self.profiles.save(self.site, self.visitor, await self.load(), profile, ids)

    async def fold_in(self, *events: Event) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await self.durable.fold_in(connection, events)  # type: ignore[arg-type] # what a pool lends is a connection in all but its type


@pytest_asyncio.fixture
async def store(redis: Redis, valkey: Valkey, postgres: Postgres, new_site: SiteFactory) -> Store:
    return Store(redis, valkey, postgres, (await new_site()).site_id)


async def test_200_folds_of_one_visitor_at_once_lose_nothing(store: Store) -> None:
    stranger = await store.load()
    events = [store.viewed(f"e-{number}") for number in range(200)]

    await asyncio.gather(*(remember(store.profiles, stranger, [event], RULES) for event in events))

    loaded = await store.load(*(event.id for event in events))
    assert loaded.profile.counters["page_viewed"].count == 200
    assert loaded.known_ids == {event.id for event in events}


async def test_the_same_event_at_once_from_everywhere_counts_once(store: Store) -> None:
    stranger = await store.load()

    await asyncio.gather(
        *(remember(store.profiles, stranger, [store.viewed("e-1")], RULES) for _ in range(20))
    )

    assert (await store.load()).profile.counters["page_viewed"].count == 1


async def test_profiles_and_marks_are_forgotten_in_the_end(store: Store) -> None:
    await store.save(KNOWN, ["e-1"])

    assert 0 < await store.redis.ttl(store.key) <= TTL_S
    mark = f"event:{store.key.removeprefix('profile:')}e-1"
    assert 0 < await store.redis.ttl(mark) <= MARK_S


async def test_who_is_not_in_the_cache_is_read_from_the_durable_copy(store: Store) -> None:
    await store.fold_in(store.viewed("e-1"), store.viewed("e-2"))

    loaded = await store.load()

    assert loaded.profile.counters["page_viewed"].count == 2


async def test_after_valkey_was_wiped_a_profile_goes_on_from_its_durable_copy(store: Store) -> None:
    for id_ in ("e-1", "e-2"):
        await remember(store.profiles, await store.load(), [event := store.viewed(id_)], RULES)
        await store.fold_in(event)
    await store.redis.delete(store.key)

    await remember(store.profiles, await store.load(), [store.viewed("e-3")], RULES)

    assert (await store.load()).profile.counters["page_viewed"].count == 3


async def test_what_is_in_the_cache_comes_before_the_durable_copy(store: Store) -> None:
    await store.fold_in(store.viewed("e-1"))
    await store.save(KNOWN)

    assert (await store.load()).profile == KNOWN


@pytest.mark.parametrize(
    "garbage",
    [b"", b"x", b"\x00" * 8, os.urandom(64), encode_profile(KNOWN)[:-1], b"12345678" + b"\x91" * 5_000],
    ids=["empty", "short", "version alone", "random", "cut off", "nested"],
)
async def test_garbage_in_valkey_is_passed_over_and_replaced(store: Store, garbage: bytes) -> None:
    await store.fold_in(store.viewed("e-1"))
    await store.redis.set(store.key, garbage)
    loaded = await store.load()
    assert loaded.profile.counters["page_viewed"].count == 1

    assert await store.profiles.save(store.site, store.visitor, loaded, KNOWN)

    assert (await store.load()).profile == KNOWN


async def test_a_key_of_another_kind_is_no_profile(store: Store) -> None:
    await store.redis.rpush(store.key, "x")

    assert (await store.load()).profile == Profile()
    with pytest.raises(ProfilesUnavailable):
        await store.profiles.save(store.site, store.visitor, Loaded(Profile(), b""), KNOWN)


async def test_a_script_that_valkey_has_forgotten_is_taught_again(store: Store) -> None:
    await store.save(KNOWN)
    await store.redis.script_flush()

    assert await store.save(Profile(first_ms=8))


@pytest.mark.parametrize(
    "error", [OSError("gone"), asyncpg.InterfaceError("closed"), asyncpg.PostgresError("x")]
)
async def test_a_stranger_cannot_be_told_while_postgresql_is_away(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def find(_site: int, _visitor: str) -> Profile | None:
        raise error

    monkeypatch.setattr(store.durable, "find", find)
    with pytest.raises(ProfilesUnavailable):
        await store.load()

    await store.redis.set(store.key, encode_profile(KNOWN))
    assert (await store.load()).profile == KNOWN


async def test_a_profile_behind_a_lock_is_not_waited_for_beyond_the_budget(store: Store) -> None:
    impatient = RedisProfiles(store.valkey, store.durable, budget_s=0.2, ttl_s=TTL_S)
    async with store.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE profiles IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(ProfilesUnavailable):
            await impatient.load(store.site, store.visitor)

    assert (await store.load()).profile == Profile()


def test_the_ruleset_asks_for_what_these_tests_count() -> None:
    assert isinstance(RULES, Ruleset)
    assert "page_viewed" in RULES.needs


class Middleman:
    """Stands between a client and Valkey: while it is `deaf`, it takes connections and never says a word."""

    def __init__(self, redis: Redis, folder: Path) -> None:
        self.deaf = False
        self._behind = redis.connection_pool.connection_kwargs["path"]
        self._path = folder / "middleman.sock"
        self._conversations: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Valkey]:
        server = await asyncio.start_unix_server(self._meet, self._path)
        client = Valkey(f"unix://{self._path}")
        yield client
        client.close()
        server.close()
        for conversation in self._conversations:
            conversation.cancel()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = self._listen(writer) if self.deaf else self._pass_on(reader, writer)
        self._conversations.add(asyncio.create_task(talk))

    async def _listen(self, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            await asyncio.Event().wait()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_unix_connection(self._behind)
        with closing(writer), closing(questions):
            await asyncio.gather(_copy(reader, questions), _copy(answers, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)


async def test_a_valkey_that_was_deaf_for_long_is_used_again_once_it_hears(
    store: Store, tmp_path: Path
) -> None:
    between = Middleman(store.redis, tmp_path)
    async with between.client() as client:
        impatient, patient = (
            RedisProfiles(client, store.durable, budget_s=budget_s, ttl_s=TTL_S) for budget_s in (0.002, 10)
        )
        between.deaf = True
        for _ in range(100):
            with pytest.raises(ProfilesUnavailable):
                await impatient.load(store.site, store.visitor)
        between.deaf = False

        async def is_heard() -> bool:
            with suppress(ProfilesUnavailable):
                return await patient.load(store.site, store.visitor) == Loaded(Profile(), b"")
            return False

        await until(is_heard)


async def test_profiles_that_wait_for_a_lock_leave_the_database_to_others(store: Store) -> None:
    impatient = RedisProfiles(store.valkey, store.durable, budget_s=0.01, ttl_s=TTL_S)
    async with store.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE profiles IN ACCESS EXCLUSIVE MODE")
        for _ in range(10):
            with pytest.raises(ProfilesUnavailable):
                await impatient.load(store.site, store.visitor)

        async with asyncio.timeout(20):
            assert await store.pool.fetchval("SELECT true")
