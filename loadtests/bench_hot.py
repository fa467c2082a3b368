"""What profiles at hand cost a worker: room, pauses of the garbage collector, and CPU per read."""

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop
from redis.asyncio import Redis

from app.engine.profile import ArmHeld, Counter, Profile, StageHeld
from app.profiles.codec import decode_profile, encode_profile
from app.profiles.hot import Hot
from app.profiles.redis import profile_key
from app.storage.valkey import Valkey
from tests.valkeys import own_valkey
from tests.workers import Worker

HELD = 100_000
IN_VALKEY = 5_000
AT_ONCE = (1, 8, 32, 64)
READS, ROUNDS = 6_400, 21
PAUSE_LIMIT_MS = 2.0
NOW_MS = 1_790_000_000_000
MIB = 1 << 20

Read = Callable[[int], Awaitable[object]]


def profile(number: int) -> Profile:
    """Make a visitor of some visits: about 1 KB when stored."""
    names = ("page_viewed", "product_viewed", "product_added", "order_completed", "survey_answered")
    counters = {
        name: Counter(
            count=number % 40 + 5,
            first_ms=NOW_MS - number,
            last_ms=NOW_MS,
            recent=[NOW_MS - number * place for place in range(12)],
            sums={"value": number * 1.5},
            latest={"path": f"/shop/bikes/{number}", "value": 12.5},
            asked="a1b2c3d4e5f6a7b8",
        )
        for name in names
    }
    return Profile(
        first_ms=NOW_MS - number,
        last_event_ms=NOW_MS,
        traits={"plan": "plus", "city": f"city {number % 500}", "newsletter": True},
        counters=counters,
        stages={"main": StageHeld("consideration", NOW_MS)},
        arms={"hero-copy": ArmHeld("control", 1, NOW_MS), "price": ArmHeld("b", 2, NOW_MS)},
        events=number % 100,
        asked="a1b2c3d4e5f6a7b8",
    )


def resident() -> int:
    """Tell how much memory this process has, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096


@contextmanager
def pauses() -> Iterator[list[float]]:
    """Note how long each collection takes, in milliseconds."""
    took, began = [0.0], [0.0]

    def note(phase: str, _info: dict[str, int]) -> None:
        now = time.perf_counter()
        if phase == "start":
            began[0] = now
        else:
            took.append((now - began[0]) * 1_000)

    gc.callbacks.append(note)
    yield took
    gc.callbacks.remove(note)


def longest_pause() -> float:
    """Tell the longest of some full collections, in milliseconds; the fastest round counts."""
    longest = []
    for _ in range(5):
        with pauses() as took:
            gc.collect()
        longest.append(max(took))
    return min(longest)


def bench_room() -> float:
    """Hold many profiles as bytes, then as objects; answers the pause that the bytes cost."""
    # As a worker does once it has started.
    gc.collect()
    gc.freeze()
    empty, before = longest_pause(), resident()
    hot = Hot(HELD)
    for number in range(HELD):
        hot.put(profile_key(1, f"visitor-{number}"), encode_profile(profile(number)))
    kept = resident() - before
    pause = longest_pause()
    steps = sorted(_timed_puts(hot))
    print(f"{len(hot):,} profiles of {len(encode_profile(profile(77)))} bytes\n")
    print("| held as | bytes each | MiB | longest collection, ms |\n|---|---|---|---|")
    print(f"| nothing | | | {empty:.2f} |")
    print(f"| bytes | {kept / HELD:,.0f} | {kept / MIB:,.0f} | {pause:.2f} |")
    began = time.perf_counter()
    hot.clear()
    cleared_ms = (time.perf_counter() - began) * 1_000
    before = resident()
    objects = {number: decode_profile(encode_profile(profile(number))) for number in range(HELD // 5)}
    kept = resident() - before
    figures = f"{kept / len(objects):,.0f} | {kept / MIB:,.0f} | {longest_pause():.2f}"
    print(f"| objects, a fifth of them | {figures} |")
    print(
        f"\nOne more in the place of another: {steps[len(steps) // 2]:.2f} µs in the median,"
        f" {steps[-1] / 1_000:.2f} ms at most. To forget all: {cleared_ms:.1f} ms."
    )
    return pause


def _timed_puts(hot: Hot) -> Iterator[float]:
    body = encode_profile(profile(77))
    for number in range(2 * HELD):
        began = time.perf_counter()
        hot.put(profile_key(1, f"new-{number}"), bytes(body))
        yield (time.perf_counter() - began) * 1e6


async def cpu_us(read: Read, at_once: int) -> float:
    """Tell the CPU of one read, of so many at once; the cheapest round counts."""
    each = READS // at_once

    async def some(first: int) -> None:
        for number in range(first, first + each):
            await read(number % IN_VALKEY)

    best = float("inf")
    for _ in range(ROUNDS):
        began = time.thread_time()
        await asyncio.gather(*(some(place * each) for place in range(at_once)))
        best = min(best, (time.thread_time() - began) / (each * at_once))
    return best * 1e6


async def bench_reads(url: str) -> None:
    """Read profiles in each of the ways there are."""
    redis, worker, plain = Redis.from_url(url, protocol=3), Worker(url), Valkey(url)
    keys = [profile_key(1, f"v-{number}") for number in range(IN_VALKEY)]
    await redis.mset({key: encode_profile(profile(number)) for number, key in enumerate(keys)})

    async def at_hand(number: int) -> object:
        held = worker.profiles.find_hot(1, f"v-{number % 500}")
        return held or await worker.profiles.load(1, f"v-{number % 500}")

    ways: dict[str, Read] = {
        "redis-py, bytes": lambda number: redis.get(keys[number]),
        "Valkey, bytes": lambda number: plain.ask(("MGET", keys[number]), within_s=10).wait(),
        "loaded": lambda number: worker.profiles.load(1, f"v-{number}"),
        "at hand": at_hand,
    }
    print("\n| CPU µs per read | " + " | ".join(f"{n} at once" for n in AT_ONCE) + " |")
    print("|---" * (len(AT_ONCE) + 1) + "|")
    for name, read in ways.items():
        cells = [f"{await cpu_us(read, at_once):.1f}" for at_once in AT_ONCE]
        print(f"| {name} | " + " | ".join(cells) + " |")
    body = encode_profile(profile(77))
    began = time.thread_time()
    for _ in range(20_000):
        decode_profile(body)
    print(f"\nTo decode one: {(time.thread_time() - began) / 20_000 * 1e6:.1f} µs.")
    worker.valkey.close()
    plain.close()
    await redis.aclose()


def main() -> int:
    """Measure and print everything; answers 1 where a collection takes too long."""
    pause = bench_room()
    with tempfile.TemporaryDirectory() as folder, own_valkey(Path(folder)) as valkey:
        uvloop.run(bench_reads(valkey.url))
    if pause > PAUSE_LIMIT_MS:
        print(f"\nFAILED: a collection takes {pause:.1f} ms beside {HELD:,} profiles")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
