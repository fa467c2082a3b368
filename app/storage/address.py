"""Where a Valkey or Redis is and how to get in, read from a URL as redis-py reads it."""

import asyncio
import ssl
from collections.abc import Callable

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection

from app.storage.command import Command


class Address:
    """One server, over TCP, TLS or a unix socket. Raises ValueError where the URL is none."""

    def __init__(self, redis_url: str) -> None:
        # redis-py says what each part of its URLs means; this connection itself is never opened.
        told = ConnectionPool.from_url(redis_url).make_connection()  # type: ignore[no-untyped-call] # it says so only in its docstring
        self._path = told.path if isinstance(told, UnixDomainSocketConnection) else None
        self._host, self._port = (told.host, told.port) if isinstance(told, Connection) else ("", 0)
        self._user, self._password, self._db = told.username, told.password, told.db
        self._tls: ssl.SSLContext | None = told.ssl_context.get() if isinstance(told, SSLConnection) else None

    def __str__(self) -> str:
        return self._path or f"{self._host}:{self._port}"

    @property
    def greeting(self) -> list[Command]:
        """What to say first: the protocol with name and password, and which database."""
        hello: Command = ("HELLO", 3)
        if self._password:
            hello = (*hello, "AUTH", self._user or "default", self._password)
        return [hello, ("SELECT", self._db)] if self._db else [hello]

    async def connect(self, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Connect; raises OSError."""
        loop = asyncio.get_running_loop()
        if self._path is not None:
            await loop.create_unix_connection(protocol, self._path)
        else:
            await loop.create_connection(protocol, self._host, self._port, ssl=self._tls)
