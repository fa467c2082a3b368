"""Workers that hold profiles themselves, on one Valkey: what one writes, none shows as it was before."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from app.engine.profile import Profile
from app.profiles.codec import encode_profile
from app.profiles.loaded import ProfilesUnavailable
from tests.valkeys import OwnValkey, kill_clients, own_valkey
from tests.waiting import until
from tests.workers import KEY, Worker


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OwnValkey]:
    with own_valkey(tmp_path, "--appendonly", "yes") as running:
        yield running


@pytest_asyncio.fixture
async def workers(server: OwnValkey) -> AsyncIterator[tuple[Worker, Worker]]:
    made = Worker(server.url), Worker(server.url)
    yield made
    for worker in made:
        worker.valkey.close()


@pytest_asyncio.fixture
async def admin(server: OwnValkey) -> AsyncIterator[Redis]:
    client = Redis.from_url(server.url)
    yield client
    await client.aclose()


Workers = tuple[Worker, Worker]


async def test_what_one_writes_the_other_drops_and_reads_anew(workers: Workers) -> None:
    one, other = workers
    await one.save(7)
    await other.has_at_hand(7)

    await one.save(8)

    await other.drops()
    assert other.at_hand() is None
    assert (await other.load()).profile == Profile(first_ms=8)


async def test_who_writes_has_never_again_at_hand_what_was_before(workers: Workers) -> None:
    one, _ = workers
    for first_ms in range(1, 200):
        await one.save(first_ms)
        assert one.at_hand() in (None, Profile(first_ms=first_ms))
        await one.load()
        assert one.at_hand() in (None, Profile(first_ms=first_ms))


async def test_two_that_write_by_turns_never_hold_what_is_not_true_for_long(workers: Workers) -> None:
    async def write(worker: Worker) -> None:
        for _ in range(100):
            loaded = await worker.load()
            await worker.profiles.save(1, "v-1", loaded, Profile(first_ms=loaded.profile.first_ms + 1))

    await asyncio.gather(*(write(worker) for worker in workers for _ in range(3)))

    truth = (await workers[0].load()).profile
    for worker in workers:
        await worker.has_at_hand(truth.first_ms)


@pytest.mark.parametrize("reads_first", [True, False])
async def test_a_read_and_a_write_in_the_same_turn_of_the_server_leave_the_truth(
    server: OwnValkey, workers: Workers, *, reads_first: bool
) -> None:
    one, other = workers
    await one.save(1)
    await other.load()
    for first_ms in range(2, 30):
        seen = await one.load()
        with server.frozen():
            read, write = (
                asyncio.ensure_future(other.load()),
                asyncio.ensure_future(one.profiles.save(1, "v-1", seen, Profile(first_ms=first_ms))),
            )
            for task in (read, write) if reads_first else (write, read):
                await asyncio.sleep(0)
                assert not task.done()
        assert await write
        assert (await read).profile.first_ms in {first_ms - 1, first_ms}
        await other.sign()
        await other.has_at_hand(first_ms)


async def test_what_expires_is_dropped(workers: Workers, admin: Redis) -> None:
    one, _ = workers
    await one.save(7)
    await admin.pexpire(KEY, 300)
    await one.load()

    await one.drops()

    assert (await one.load()).profile == Profile()


async def test_what_is_thrown_out_for_want_of_memory_is_dropped(workers: Workers, admin: Redis) -> None:
    one, _ = workers
    await one.save(7)
    await one.has_at_hand(7)

    await admin.config_set("maxmemory-policy", "volatile-lru")
    await admin.config_set("maxmemory", "1")

    await one.drops()


@pytest.mark.parametrize("wipe", [Redis.flushall, Redis.flushdb], ids=["all", "this database"])
async def test_when_everything_is_flushed_everything_is_dropped(
    workers: Workers, admin: Redis, wipe: Callable[..., object]
) -> None:
    one, _ = workers
    await one.save(7)
    await one.has_at_hand(7)

    await getattr(admin, wipe.__name__)()

    await one.drops()
    assert (await one.load()).profile == Profile()


async def test_keys_that_are_no_text_and_no_profiles_do_no_harm(workers: Workers, admin: Redis) -> None:
    one, _ = workers
    await one.save(7)
    await one.has_at_hand(7)

    for key in (b"profile:\xff", b"profile:", b"other"):
        await admin.set(key, b"x")

    await one.has_at_hand(7)


async def test_who_was_cut_off_believes_nothing_that_it_held(workers: Workers, admin: Redis) -> None:
    one, other = workers
    await one.save(7)
    await other.has_at_hand(7)

    await kill_clients(admin)
    await admin.set(KEY, encode_profile(Profile(first_ms=8)))

    await until(_async(lambda: not other.hot))
    assert other.at_hand() is None
    await other.has_at_hand(8)


async def test_a_server_that_died_is_found_again_and_what_was_held_is_gone(
    server: OwnValkey, workers: Workers
) -> None:
    one, _ = workers
    await one.save(7)
    await one.has_at_hand(7)

    server.kill()
    await until(_async(lambda: not one.hot))
    with pytest.raises(ProfilesUnavailable):
        await one.load()
    server.start_again()

    await one.has_at_hand(7)


async def test_while_the_server_stands_still_nothing_is_believed(server: OwnValkey, workers: Workers) -> None:
    one, _ = workers
    await one.save(7)
    await one.has_at_hand(7)

    with server.frozen():
        await until(_async(lambda: one.at_hand() is None))
        assert one.hot

    await until(_async(lambda: one.at_hand() == Profile(first_ms=7)))


async def test_a_page_does_not_wait_for_a_server_that_stands_still(server: OwnValkey) -> None:
    hurried = Worker(server.url, budget_s=0.01)
    await until(_loads(hurried))

    with server.frozen():
        for _ in range(20):
            with pytest.raises(ProfilesUnavailable):
                await hurried.load()

    await until(_loads(hurried))
    hurried.valkey.close()


async def test_a_server_that_does_not_tell_of_changes_is_asked_each_time(
    server: OwnValkey, admin: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    await admin.acl_setuser(
        "plain", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-client|tracking"]
    )
    worker = Worker(f"unix://plain:x@{server.socket}")

    await worker.save(7)

    assert (await worker.load()).profile == Profile(first_ms=7)
    assert worker.at_hand() is None
    assert not worker.hot
    assert "does not tell of changes" in caplog.text
    worker.valkey.close()


def _async(holds: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return holds()

    return asked


def _loads(worker: Worker) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        with suppress(ProfilesUnavailable):
            return (await worker.load()).profile == Profile()
        return False

    return asked
