"""The service that a replay drives: one of its own in a temporary folder, or one that runs already."""

import asyncio
import os
import secrets
import shutil
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import msgspec

from loadtests.connection import Connection, UnansweredError, request_head

READY_WITHIN_S = 60
STOPPED_WITHIN_S = 30


class ServiceError(Exception):
    """The service cannot be used; the message says how far it came."""


class Target(msgspec.Struct, frozen=True):
    """Where the service answers, the keys it knows, and the database that it stores into."""

    host: str
    port: int
    public_key: str
    secret_key: str
    database_url: str
    # What the service writes about itself, where it is one of the replay's own.
    log: Path | None = None

    def connection(self, timeout_s: float = 30) -> Connection:
        """Open nothing yet: a connection opens when it is first used."""
        return Connection(self.host, self.port, timeout_s)

    def head(self, method: str, path: str, key: str, **headers: str) -> bytes:
        """Write the head of a JSON request; a header's `_` stands for `-`."""
        said = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        return request_head(method, path, f"{self.host}:{self.port}", said)


def target_at(url: str, public_key: str, secret_key: str, database_url: str) -> Target:
    """Point at a service that runs already; raises ServiceError for anything but plain HTTP."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname is None:
        raise ServiceError(f"{url!r}: only an address like http://127.0.0.1:8000 can be replayed against")
    return Target(parts.hostname, parts.port or 80, public_key, secret_key, database_url)


@asynccontextmanager
async def own_service(workers: int) -> AsyncIterator[Target]:
    """Start a service in a temporary folder, wait until it is ready, and end it when the caller is done."""
    with TemporaryDirectory(prefix="signpost-replay-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        port, public_key, secret_key = free_port(), *_made_up_keys()
        said = {
            "SIGNPOST_DATA_DIR": str(folder / "data"),
            "SIGNPOST_HOST": "127.0.0.1",
            "SIGNPOST_PORT": str(port),
            "SIGNPOST_ADMIN_KEY": secret_key,
            "SIGNPOST_SITE_KEY": public_key,
            "SIGNPOST_WORKERS": str(workers),
        }
        log = folder / "service.log"
        process = await _start(said, log)
        try:
            await _wait_until_ready(process, port, log)
            database_url = _database_of(folder / "data")
            yield Target("127.0.0.1", port, public_key, secret_key, database_url, log)
        finally:
            await _stop(process)
            await _wait_until_stopped(folder / "data")


def free_port() -> int:
    """Ask the system for a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _made_up_keys() -> tuple[str, str]:
    return f"pk_{secrets.token_urlsafe(32)}", f"sk_{secrets.token_urlsafe(32)}"


async def _start(said: dict[str, str], log: Path) -> Process:
    program = Path(sys.executable).with_name("signpost")
    around = {key: value for key, value in os.environ.items() if not key.startswith("SIGNPOST_")}
    # Should this process die without a word, the system ends the service: nothing stays behind.
    setpriv = shutil.which("setpriv")
    leash = [setpriv, "--pdeathsig", "TERM"] if setpriv is not None else []
    with log.open("wb") as output:
        return await asyncio.create_subprocess_exec(
            *leash,
            str(program),
            "serve",
            env=around | said,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # An interrupt from the terminal is for the replay, which then ends the service in order.
            start_new_session=True,
        )


async def _wait_until_ready(process: Process, port: int, log: Path) -> None:
    connection = Connection("127.0.0.1", port, timeout_s=5)
    head = request_head("GET", "/readyz", f"127.0.0.1:{port}", {})
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            while not await _is_ready(connection, head):
                if process.returncode is not None:
                    raise ServiceError(f"the service ended with {process.returncode}:\n{last_lines(log)}")
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise ServiceError(f"the service was not ready in {READY_WITHIN_S} s:\n{last_lines(log)}") from error
    finally:
        await connection.close()


async def _is_ready(connection: Connection, head: bytes) -> bool:
    try:
        return (await connection.send(head)).ok
    except UnansweredError:
        return False


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOPPED_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        print(f"the service had to be killed: no end {STOPPED_WITHIN_S} s after SIGTERM", file=sys.stderr)


async def _wait_until_stopped(data: Path) -> None:
    """Wait for the database that ends shortly after its service, so that no folder vanishes under it."""
    for _ in range(100):
        if not _has_postmaster(data):
            return
        await asyncio.sleep(0.1)


def _has_postmaster(data: Path) -> bool:
    return next(data.rglob("postmaster.pid"), None) is not None


def _database_of(data: Path) -> str:
    """Read where the service's own PostgreSQL listens; `signpost serve` writes it down for other programs."""
    known: dict[str, str] = msgspec.json.decode((data / "servers.json").read_bytes())
    return known["database_url"]


def last_lines(log: Path, lines: int = 20) -> str:
    """Read how a log ends."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
