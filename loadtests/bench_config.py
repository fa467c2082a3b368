"""What a site of 10,000 rules costs those who wait for decisions: `make bench-config`; exits 1 if slow."""

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, NamedTuple

import msgspec
import uvloop

from app.admin.config.write_yaml import writing
from app.kit.listener import bind, serve
from app.kit.steps import finished
from app.kit.tasks import background
from loadtests.connection import Answer, Connection, request_head
from loadtests.service import free_port
from loadtests.speed.pages import decide_body
from loadtests.speed.shop import shop
from loadtests.speed.sites import Ground, prepared
from loadtests.watched_app import FILE, turns_in

RULES = 10_000
LIMIT_S = 10.0
SETTLED_S = 2.0
DECISIONS_PER_S, CONNECTIONS = 200, 8
JSON, YAML = "application/json", "application/yaml"
_HOST = "127.0.0.1"
_STARTS_WITHIN_S = 60
_LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"level": "WARNING"}}


class Done(NamedTuple):
    """Something that was done, from when to when, and until when it was waited for what it leaves to do."""

    name: str
    began_s: float
    ended_s: float
    settled_s: float
    is_judged: bool

    @property
    def took_s(self) -> float:
        """How long it took."""
        return self.ended_s - self.began_s


class Decisions:
    """Asks for decisions at a steady rate, each as soon as a connection is free."""

    def __init__(self, port: int, key: str) -> None:
        self.latencies: list[tuple[float, float]] = []
        said = {"Authorization": f"Bearer {key}", "Content-Type": JSON}
        self._head = request_head("POST", "/decide", f"{_HOST}:{port}", said)
        self._bodies = [decide_body(number) for number in range(512)]
        self._connections = [Connection(_HOST, port) for _ in range(CONNECTIONS)]

    async def run(self) -> None:
        """Ask until cancelled."""
        await asyncio.gather(*(self._ask(place) for place in range(CONNECTIONS)))

    async def _ask(self, place: int) -> None:
        connection, due = self._connections[place], monotonic() + place / DECISIONS_PER_S
        for number in range(place, sys.maxsize, CONNECTIONS):
            await asyncio.sleep(due - monotonic())
            answer = await connection.send(self._head, self._bodies[number % len(self._bodies)])
            if not answer.ok:
                raise RuntimeError(f"a decision was answered with {answer.status}")
            # From the instant at which it should have been sent, so that a wait counts for all who wait.
            self.latencies.append((due, monotonic() - due))
            due += CONNECTIONS / DECISIONS_PER_S

    def within(self, done: Done) -> list[float]:
        """List the latencies of what was asked meanwhile, in ascending order."""
        return sorted(took for at, took in self.latencies if done.began_s <= at <= done.settled_s)


class Admin:
    """Whoever puts, publishes and restores."""

    def __init__(self, port: int, key: str) -> None:
        self._port, self._key = port, key
        self._connection = Connection(_HOST, port, timeout_s=120)

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Ask, and insist on an answer."""
        said = {"Authorization": f"Bearer {self._key}", "If-Match": "*", "Content-Type": JSON}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = request_head(method, f"/api/v1/{path}", f"{_HOST}:{self._port}", said)
        answer = await self._connection.send(head, body)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:500].decode()}")
        return answer


async def measured(admin: Admin) -> AsyncIterator[Done]:
    """Do everything that is done with a large site, one after the other."""
    one, other = _document("one"), _document("other")
    text = finished(writing(msgspec.json.decode(other)))
    steps: list[tuple[str, bool, Callable[[], Awaitable[object]]]] = [
        ("nothing", False, lambda: asyncio.sleep(3)),
        ("PUT, all of it new", True, lambda: admin.ask("PUT", "config", one)),
        ("publish", True, lambda: admin.ask("POST", "revisions", b"{}")),
        ("PUT ?dry_run, all rules differ", True, lambda: admin.ask("PUT", "config?dry_run=true", other)),
        ("PUT, all rules differ", True, lambda: admin.ask("PUT", "config", other)),
        ("publish again", True, lambda: admin.ask("POST", "revisions", b"{}")),
        ("restore", True, lambda: admin.ask("POST", "revisions/1/restore")),
        ("GET as JSON", True, lambda: admin.ask("GET", "config", Accept=JSON)),
        ("GET as YAML", True, lambda: admin.ask("GET", "config", Accept=YAML)),
        ("PUT as YAML", True, lambda: admin.ask("PUT", "config", text, Content_Type=YAML)),
    ]
    print(
        f"{RULES:,} rules are {len(one) / 2**20:.1f} MiB of JSON and {len(text) / 2**20:.1f} MiB of YAML.\n"
    )
    for name, is_judged, act in steps:
        began_s = monotonic()
        await act()
        ended_s = monotonic()
        # What was published is loaded afterwards.
        await asyncio.sleep(SETTLED_S)
        yield Done(name, began_s, ended_s, monotonic(), is_judged)


def _document(note: str) -> bytes:
    document: Any = shop(RULES)
    return msgspec.json.encode({**document, "rules": [{**rule, "note": note} for rule in document["rules"]]})


@asynccontextmanager
async def _served(ground: Ground, turns: Path) -> AsyncIterator[int]:
    port = free_port()
    said = {
        "SIGNPOST_DATA_DIR": str(ground.folder),
        "SIGNPOST_DATABASE_URL": ground.servers.database_url,
        "SIGNPOST_REDIS_URL": ground.servers.redis_url,
        FILE: str(turns),
    }
    command = [sys.executable, "-m", "loadtests.bench_config", "--serve", str(port)]
    process = subprocess.Popen(command, env=os.environ | said)  # noqa: ASYNC220, S603 - starting it does not block
    try:
        async with asyncio.timeout(_STARTS_WITHIN_S):
            while not await _listens(port):  # noqa: ASYNC110 - only asking tells
                await asyncio.sleep(0.05)
        yield port
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(_HOST, port)
    except OSError:
        return False
    writer.close()
    return True


async def bench(folder: Path) -> int:
    """Measure and print; answers 1 where something takes too long."""
    turns = folder / "turns"
    async with prepared(folder / "data", {RULES: 0}) as ground, _served(ground, turns) as port:
        site = ground.sites[RULES]
        decisions = Decisions(port, site.public_key)
        async with background(decisions.run()):
            done = [each async for each in measured(Admin(port, site.secret_key))]
        print("\n".join(_table(done, decisions, turns)))
    slow = [each.name for each in done if each.is_judged and each.took_s >= LIMIT_S]
    for name in slow:
        print(f"\nFAILED: {name} takes {LIMIT_S:.0f} s or more")
    return int(bool(slow))


def _table(done: list[Done], decisions: Decisions, turns: Path) -> Iterator[str]:
    yield "| | seconds | CPU s of the worker | decisions, p50 ms | p99 ms | longest turn, CPU ms |"
    yield "|---|---|---|---|---|---|"
    noted = turns_in(turns)
    for each in done:
        found = decisions.within(each)
        during = [turn for turn in noted if each.began_s <= turn.at_s <= each.settled_s]
        longest = max(turn.cpu_s for turn in during)
        cpu_s = next(turn.total_s for turn in noted if turn.at_s >= each.ended_s) - during[0].total_s
        p50, p99 = (1e3 * found[int(share * len(found))] for share in (0.5, 0.99))
        figures = f"{each.took_s:.2f} | {cpu_s:.2f} | {p50:.1f} | {p99:.1f} | {1e3 * longest:.1f}"
        yield f"| {each.name} | {figures} |"


def main() -> int:
    """Measure, or serve what is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    port = parser.parse_args().serve
    if port is None:
        with TemporaryDirectory(prefix="signpost-config-", ignore_cleanup_errors=True) as folder:
            return uvloop.run(bench(Path(folder)))
    with closing(bind(_HOST, port)) as listener:
        serve("loadtests.watched_app:watched_app", listener, workers=1, drain_s=1, logging=_LOGGING)
    return 0


if __name__ == "__main__":
    sys.exit(main())
