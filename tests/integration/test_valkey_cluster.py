"""A cluster of three Valkeys: each key is asked of the server that has it, wherever it has gone."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from redis.crc import key_slot
from redis.exceptions import ResponseError

from app.engine.profile import Profile
from app.profiles.loaded import ProfilesUnavailable
from app.profiles.redis import profile_key
from tests.valkeys import OwnValkey, own_valkey
from tests.waiting import until
from tests.workers import KEY, Worker

CLUSTER = (
    "--cluster-enabled",
    "yes",
    "--cluster-node-timeout",
    "1000",
    "--cluster-require-full-coverage",
    "no",
)
VISITORS = [f"v-{number}" for number in range(60)]
BOUNDS = (0, 5_461, 10_923, 16_384)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[OwnValkey]]:
    with ExitStack() as stack:
        made: list[OwnValkey] = []
        for number in range(3):
            folder = tmp_path / str(number)
            folder.mkdir()
            made.append(stack.enter_context(own_valkey(folder, *CLUSTER)))
        yield made


async def tell(admin: Redis, *command: object) -> Any:
    """Run a command on the cluster itself."""
    return await admin.execute_command("CLUSTER", *command)  # type: ignore[no-untyped-call] # redis-py does not type it


@pytest_asyncio.fixture
async def cluster(servers: list[OwnValkey]) -> AsyncIterator[list[Redis]]:
    """Each server of the cluster, for its admin."""
    admins = [Redis.from_url(server.url) for server in servers]
    for place, admin in enumerate(admins):
        await tell(admin, "ADDSLOTSRANGE", BOUNDS[place], BOUNDS[place + 1] - 1)
        await tell(admin, "MEET", "127.0.0.1", servers[0].port, servers[0].bus_port)

    async def is_whole() -> bool:
        told = [await tell(admin, "INFO") for admin in admins]
        known = [await tell(admin, "NODES") for admin in admins]
        return all(b"cluster_state:ok" in one for one in told) and all(one.count(b"\n") == 3 for one in known)

    await until(is_whole)
    yield admins
    for admin in admins:
        await admin.aclose()


@pytest_asyncio.fixture
async def workers(cluster: list[Redis], servers: list[OwnValkey]) -> AsyncIterator[tuple[Worker, Worker]]:
    assert cluster
    made = Worker(f"redis://127.0.0.1:{servers[0].port}"), Worker(f"redis://127.0.0.1:{servers[1].port}")
    yield made
    for worker in made:
        worker.valkey.close()


Workers = tuple[Worker, Worker]


async def save(worker: Worker, visitor: str, first_ms: int) -> bool:
    loaded = await worker.profiles.load(1, visitor, ["e-1"])
    return await worker.profiles.save(1, visitor, loaded, Profile(first_ms=first_ms), ["e-1"])


async def loads(worker: Worker, visitor: str, first_ms: int) -> bool:
    """Whether somebody is loaded, and at hand from then on."""
    with suppress(ProfilesUnavailable):
        loaded = await worker.profiles.load(1, visitor)
        held = worker.profiles.find_hot(1, visitor)
        return held is not None and held.profile == loaded.profile == Profile(first_ms=first_ms)
    return False


async def test_each_profile_is_where_the_cluster_has_it(workers: Workers, cluster: list[Redis]) -> None:
    one, other = workers

    assert all(await asyncio.gather(*(save(one, visitor, 7) for visitor in VISITORS)))

    for visitor in VISITORS:
        await until(partial(loads, other, visitor, 7))
    sizes = [await admin.dbsize() for admin in cluster]
    assert sum(sizes) == 2 * len(VISITORS)
    assert min(sizes) > 0


async def test_what_one_writes_anywhere_the_other_hears_of(workers: Workers) -> None:
    one, other = workers
    for visitor in VISITORS[:20]:
        assert await save(one, visitor, 7)
        await until(partial(loads, other, visitor, 7))

        assert await save(one, visitor, 8)

        await until(partial(loads, other, visitor, 8))


async def test_a_slot_that_moves_is_followed(workers: Workers, cluster: list[Redis]) -> None:
    one, other = workers
    slot = key_slot(KEY.encode())
    before = next(place for place in range(3) if BOUNDS[place] <= slot < BOUNDS[place + 1])
    after = (before + 1) % 3
    await one.save(7)
    await other.has_at_hand(7)

    await move(cluster, slot, before, after)

    for worker in workers:
        await worker.has_at_hand(7)
    await one.save(8)
    await other.has_at_hand(8)
    assert await cluster[after].exists(KEY)


async def test_a_slot_on_its_way_is_asked_for_where_it_goes(workers: Workers, cluster: list[Redis]) -> None:
    one, other = workers
    slot = key_slot(KEY.encode())
    before = next(place for place in range(3) if BOUNDS[place] <= slot < BOUNDS[place + 1])
    after = (before + 1) % 3
    await open_way(cluster, slot, before, after)

    await one.save(7)

    assert await other.load() == await one.load()
    assert (await other.load()).profile == Profile(first_ms=7)


async def test_when_one_server_dies_the_others_are_asked_on(
    workers: Workers, servers: list[OwnValkey]
) -> None:
    one, _ = workers
    for visitor in VISITORS:
        assert await save(one, visitor, 7)
    slots = {visitor: key_slot(profile_key(1, visitor).encode()) for visitor in VISITORS}
    alive = [visitor for visitor, slot in slots.items() if slot < BOUNDS[2]]
    dead = [visitor for visitor, slot in slots.items() if slot >= BOUNDS[2]]

    servers[2].kill()

    assert await loads(one, alive[0], 7)
    with pytest.raises(ProfilesUnavailable):
        await one.profiles.load(1, dead[0])
    servers[2].start_again()
    await until(lambda: loads(one, alive[1], 7))


async def test_whoever_takes_the_place_of_a_dead_server_is_found(
    workers: Workers, servers: list[OwnValkey], cluster: list[Redis], tmp_path: Path
) -> None:
    one, other = workers
    visitor = next(each for each in VISITORS if key_slot(profile_key(1, each).encode()) >= BOUNDS[2])
    with own_valkey(tmp_path, *CLUSTER) as successor:
        await follow(successor, servers[2], cluster[2])
        assert await save(one, visitor, 7)
        assert await cluster[2].wait(1, 10_000) == 1

        servers[2].kill()

        for worker in (one, other):
            await until(partial(loads, worker, visitor, 7))
        assert await save(one, visitor, 8)
        await until(partial(loads, other, visitor, 8))


async def follow(successor: OwnValkey, leader: OwnValkey, admin: Redis) -> None:
    """Have a server copy another one, and be ready to take its place."""
    own = Redis.from_url(successor.url)
    await tell(own, "MEET", "127.0.0.1", leader.port, leader.bus_port)

    async def follows() -> bool:
        with suppress(ResponseError):
            await tell(own, "REPLICATE", await name_of(admin))
            return (await own.info("replication")).get("master_link_status") == "up"
        return False

    await until(follows)
    await own.aclose()


async def name_of(admin: Redis) -> str:
    name: bytes = await tell(admin, "MYID")
    return name.decode()


async def open_way(cluster: list[Redis], slot: int, before: int, after: int) -> None:
    await tell(cluster[after], "SETSLOT", slot, "IMPORTING", await name_of(cluster[before]))
    await tell(cluster[before], "SETSLOT", slot, "MIGRATING", await name_of(cluster[after]))


async def move(cluster: list[Redis], slot: int, before: int, after: int) -> None:
    """Hand a slot over as `valkey-cli --cluster reshard` does."""
    await open_way(cluster, slot, before, after)
    port = str((await cluster[after].config_get("port"))["port"])
    await cluster[before].migrate("127.0.0.1", int(port), KEY, 0, 5_000)
    for place in (after, before):
        await tell(cluster[place], "SETSLOT", slot, "NODE", await name_of(cluster[after]))
