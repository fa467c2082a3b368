"""The whole app in this process: started and stopped as a server does it, and asked without a socket."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from app.api.public import PublicEdge
from tests.wire_transport import WireTransport

# What a person's browser says it is.
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@asynccontextmanager
async def edge_lifespan(app: PublicEdge) -> AsyncIterator[None]:
    """Start an app and stop it at the end; what it raised on the way is raised."""
    to_app: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    from_app: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    await to_app.put({"type": "lifespan.startup"})
    living = asyncio.create_task(app({"type": "lifespan", "state": {}}, to_app.get, from_app.put))
    if (await from_app.get())["type"] != "lifespan.startup.complete":
        await living
    yield
    await to_app.put({"type": "lifespan.shutdown"})
    await living


@asynccontextmanager
async def running(app: PublicEdge, *, directly: bool = False) -> AsyncIterator[httpx.AsyncClient]:
    """Start an app, give a client of it, and stop it at the end."""
    async with edge_lifespan(app):
        transport = WireTransport(app) if directly else httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://signpost") as client:
            yield client
