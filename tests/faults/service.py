"""The service under test: `signpost serve` as a process group whose parts can be found and killed."""

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from app.embedded.place import Place
from app.embedded.process import find
from loadtests.answers import read_decided
from loadtests.connection import UnansweredError
from loadtests.service import ServiceError, Target, free_port
from loadtests.site_admin import SiteAdmin
from tests.faults.line import Line
from tests.integration.signpost import PROGRAM, descendants, environment
from tests.waiting import lives

WORKERS = 2
STOP_S = 20.0
# Connections at once, so that every worker gets some.
PROBES = 12
# Somebody who consents to nothing leaves no trace.
_PROBE = {
    "visitor": {"id": "campaign-probe"},
    "placements": ["home.hero"],
    "consent": {"personalization": False, "analytics": False},
}


class Service:
    """One data folder and one port, through any number of lives.

    `killed` names the processes that a fault has killed, before they are; `is_down` says that nobody can be
    reached, because a fault has killed everything.
    """

    def __init__(self, data_dir: Path, budget_ms: float) -> None:
        self.data_dir = data_dir
        self.place = Place(data_dir.resolve())
        self.journal_dir = data_dir / "journal"
        self.killed: set[int] = set()
        self.is_down = True
        self._process: subprocess.Popen[bytes] | None = None
        public_key, secret_key = f"pk_{secrets.token_hex(16)}", f"sk_{secrets.token_hex(16)}"
        host = f"host={self.place.sockets}&port=5432"
        database_url = f"postgresql+asyncpg://postgres@/signpost?{host}"
        self.target = Target("127.0.0.1", free_port(), public_key, secret_key, database_url)
        self._said = {
            "PORT": str(self.target.port),
            "SITE_KEY": public_key,
            "ADMIN_KEY": secret_key,
            "WORKERS": str(WORKERS),
            "PROFILE_BUDGET_MS": str(budget_ms),
        }

    @property
    def log(self) -> Path:
        """What all lives of it have said."""
        return self.data_dir.with_suffix(".log")

    async def start(self, **settings: str) -> None:
        """Begin a life, and wait until both workers answer."""
        self._process = self._launched(**settings)
        await self.until_whole()
        self.is_down = False

    def _launched(self, **settings: str) -> subprocess.Popen[bytes]:
        # Should this process die without a word, the system ends the service: nothing stays behind.
        setpriv = shutil.which("setpriv")
        leash = [setpriv, "--pdeathsig", "TERM"] if setpriv is not None else []
        said = environment(self.data_dir, **self._said, **settings)
        command = [*leash, str(PROGRAM), "serve"]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, env=said, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    async def publish(self, document: dict[str, Any]) -> None:
        """Publish a site, and wait until it is in force at both workers."""
        admin = SiteAdmin(self.target)

        async def is_published() -> bool:
            # Each connection to PostgreSQL that a fault before this one has broken is noticed by one request.
            with suppress(ServiceError):
                await self.until_revision(await admin.publish(document))
                return True
            return False

        try:
            await self.until(is_published)
        finally:
            await admin.close()

    async def until_revision(self, number: int) -> None:
        """Wait until a revision is in force at both workers."""
        body = msgspec.json.encode(_PROBE)
        head = self.target.head("POST", "/decide", self.target.public_key)

        async def revision_at() -> tuple[int, int | None]:
            line = Line(self.target)
            await line.open()
            answer = await line.send(head, body)
            await line.close()
            return line.pid, read_decided(answer.body).revision

        knowing: set[int] = set()

        async def is_in_force() -> bool:
            seen = await asyncio.gather(*(revision_at() for _ in range(PROBES)))
            knowing.update(pid for pid, revision in seen if revision == number)
            return knowing >= set(self.workers())

        await self.until(is_in_force)

    async def stop(self) -> int:
        """End in order; answers the exit code."""
        self.is_down = True
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(self._process.wait, STOP_S)
        servers = self.servers()
        await self.until(lambda: _none(servers))
        return code

    @property
    def launcher(self) -> int:
        """The process that was started, and has started the others."""
        assert self._process is not None
        return self._process.pid

    def workers(self) -> list[int]:
        """The processes that answer."""
        return [pid for pid in self._family() if b"spawn_main" in _command(pid)]

    def shipper(self) -> int | None:
        """The process that ships, where one lives."""
        found = [pid for pid in self._family() if b"\0ship\0" in _command(pid)]
        return found[0] if found else None

    def servers(self) -> list[int]:
        """All processes of PostgreSQL and Valkey."""
        return [*find(self.place.postgres), *find(self.place.valkey)]

    def kill(self, pids: Iterable[int]) -> None:
        """Kill processes of this service without a word."""
        pids = list(pids)
        self.killed.update(pids)
        send(pids, signal.SIGKILL)

    def everything(self, *, reaper: bool) -> list[int]:
        """The launcher, the workers, the shipper and both servers; the reaper too, if asked."""
        return [*self._family(), *self.servers(), *(self._reapers() if reaper else [])]

    async def kill_all(self, everything: list[int]) -> None:
        """Kill all there is of it, as `everything` has named it, and wait until it is gone."""
        self.is_down = True
        self.kill(everything)
        assert self._process is not None
        await asyncio.to_thread(self._process.wait, STOP_S)
        await self.until(lambda: _none(everything))

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait for at most a minute until an async condition holds."""
        async with asyncio.timeout(60):
            while not await holds():  # noqa: ASYNC110 - other processes set no Event of ours
                await asyncio.sleep(0.1)

    async def until_whole(self) -> None:
        """Wait until two workers and a shipper are there, and each worker says that all is well."""
        well: set[int] = set()

        async def is_whole() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, f"the service ended: see {self.log}"
            workers = set(self.workers())
            if len(workers) != WORKERS or self.shipper() is None:
                return False
            # Which worker takes a connection is chance, and the busier one takes few.
            answers = set(await asyncio.gather(*(self._who_is_well() for _ in range(PROBES))))
            well.update(answers)
            return 0 not in answers and workers <= well

        await self.until(is_whole)

    async def _who_is_well(self) -> int:
        """Connect, and answer who took it, or 0 where something of it is away."""
        line = Line(self.target)
        try:
            await line.open()
            answer = await line.send(self.target.head("GET", "/readyz", self.target.public_key), b"")
        except UnansweredError:
            return 0
        else:
            return line.pid if b'"status":"ok"' in answer.body else 0
        finally:
            await line.close()

    def _family(self) -> list[int]:
        assert self._process is not None
        with suppress(FileNotFoundError):
            return descendants(self._process.pid)
        return []

    def _reapers(self) -> list[int]:
        wanted = [b"app.embedded.reaper", os.fsencode(self.place.root)]
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [pid for pid in pids if all(part in _command(pid).split(b"\0") for part in wanted)]


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to each process that still lives."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


async def _none(pids: Iterable[int]) -> bool:
    return not any(map(lives, pids))


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
