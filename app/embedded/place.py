"""Where one set of embedded servers lives, and the names by which its processes are known."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

POSTGRES_PORT = 5432
# TMPDIR is not asked: processes that share servers may differ in it, and it may be too long itself.
_SHORT = Path("/tmp")  # noqa: S108 the folder made in it is refused unless it is ours alone
# What needs no quoting in a URL, in PostgreSQL's list of socket folders and in Valkey's arguments.
_PLAIN = re.compile(r"[\w./-]+", re.ASCII)
_LONGEST_SOCKET_PATH = 107


@dataclass(frozen=True)
class Server:
    """One server of a place: what its processes are called, what they keep and what they hold.

    Every command line of it contains `name`. Its processes, down to the last, hold a lock on `alive`.
    """

    name: str
    data: Path
    alive: Path
    log: Path
    socket: Path


@dataclass(frozen=True)
class Place:
    """The files and sockets of one set of servers, all under `root`, an absolute path without symlinks."""

    root: Path

    @property
    def name(self) -> str:
        """A name that follows from the path, for processes and for a folder elsewhere."""
        return "signpost-" + hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]

    @property
    def postgres(self) -> Server:
        """PostgreSQL; its socket is named as its clients expect it."""
        return self._server("postgres", f".s.PGSQL.{POSTGRES_PORT}")

    @property
    def valkey(self) -> Server:
        """Valkey."""
        return self._server("valkey", "valkey.sock")

    @property
    def sockets(self) -> Path:
        """The sockets' folder: inside `root`, or in /tmp where that path is too long or not plain."""
        inside = self.root / "sockets"
        longest = os.fsencode(inside / f".s.PGSQL.{POSTGRES_PORT}")
        if _PLAIN.fullmatch(str(inside)) and len(longest) <= _LONGEST_SOCKET_PATH:
            return inside
        return _SHORT / self.name

    @property
    def lease(self) -> Path:
        """Locked shared by each process that uses the servers."""
        return self.root / "lease"

    @property
    def start_lock(self) -> Path:
        """Locked by whoever starts or stops servers. Always taken after the lease, never before."""
        return self.root / "start.lock"

    @property
    def reaper_lock(self) -> Path:
        """Locked by the reaper that watches the lease."""
        return self.root / "reaper.lock"

    @property
    def reaper_log(self) -> Path:
        """Where a reaper tells why it failed."""
        return self.root / "reaper.log"

    def _server(self, key: str, socket: str) -> Server:
        return Server(
            name=f"{self.name}-{key}",
            data=self.root / key,
            alive=self.root / f"{key}.alive",
            log=self.root / f"{key}.log",
            socket=self.sockets / socket,
        )
