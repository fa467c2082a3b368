"""Where a Valkey or Redis is and how to get in, read from a URL as redis-py reads it."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.exceptions import RedisError

from app.storage.command import Command

_NONE = "no address of Valkey, as redis://user:password@host:6379/0 or unix:///path"


@dataclass(frozen=True)
class Address:
    """One server, over TCP, TLS or a unix socket."""

    path: str | None
    host: str
    port: int
    db: int
    user: str | None = field(repr=False)
    password: str | None = field(repr=False)
    tls: ssl.SSLContext | None = field(repr=False)

    @classmethod
    def of(cls, redis_url: str) -> "Address":
        """Read a URL; raises ValueError where it is none."""
        try:
            return cls._read(redis_url)
        except ValueError:
            # Not said why: what is wrong may be a part of the password.
            raise ValueError(_NONE) from None
        except (TypeError, OSError, RedisError) as error:
            raise ValueError(f"{_NONE}: {error}") from error

    @classmethod
    def _read(cls, redis_url: str) -> "Address":
        # redis-py says what each part of its URLs means; this connection itself is never opened.
        told = ConnectionPool.from_url(redis_url).make_connection()  # type: ignore[no-untyped-call] # it says so only in its docstring
        path = told.path if isinstance(told, UnixDomainSocketConnection) else None
        host, port = (told.host, told.port) if isinstance(told, Connection) else ("", 0)
        tls = told.ssl_context.get() if isinstance(told, SSLConnection) else None
        return cls(path, host, port, told.db, told.username, told.password, tls)

    def beside(self, host: str, port: int) -> "Address":
        """Tell where another server of the same cluster is, on the same host where none is named."""
        return replace(self, path=None, host=host or self.host, port=port)

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"

    @property
    def greeting(self) -> list[Command]:
        """What to say first: the protocol with name and password, and which database."""
        hello: Command = ("HELLO", 3)
        if self.user or self.password:
            hello = (*hello, "AUTH", self.user or "default", self.password or "")
        return [hello, ("SELECT", self.db)] if self.db else [hello]

    async def connect(self, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Connect; raises OSError."""
        loop = asyncio.get_running_loop()
        if self.path is not None:
            await loop.create_unix_connection(protocol, self.path)
        else:
            await loop.create_connection(protocol, self.host, self.port, ssl=self.tls)
