"""What every process of Signpost is wired with: its servers, its peppers, and what is in force."""

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass

from app.embedded.servers import start as start_embedded
from app.embedded.watch import watched
from app.kit.parent import leave_with
from app.kit.tasks import background
from app.rulesets.refresh import Refresh
from app.settings import Settings
from app.storage.postgres import dsn_of
from app.web.pepper import Pepper, peppers_of

DAY_S = 86_400
# How long an event may wait for the profile store.
PATIENCE_S = 1.0


@dataclass(frozen=True)
class Addresses:
    """Where the servers are that this process talks to."""

    database_url: str
    redis_url: str


@contextmanager
def servers(settings: Settings, *, watch: bool = False) -> Iterator[Addresses]:
    """Find the servers that the settings name; those they do not name are embedded, started or joined.

    Of those who use embedded servers at once, one should `watch`: it starts them again where they die.
    """
    if settings.database_url is not None and settings.redis_url is not None:
        yield Addresses(settings.database_url, settings.redis_url)
        return
    own = start_embedded(settings.data_dir, settings.database_url, settings.redis_url)
    stores, caches = settings.database_url is None, settings.redis_url is None
    watching = watched(settings.data_dir, stores=stores, caches=caches) if watch else nullcontext()
    with closing(own), watching:
        yield Addresses(own.database_url, own.redis_url)


def peppers(settings: Settings) -> tuple[Pepper, ...]:
    """Find what keys are hashed with; a host that has its database for itself makes something."""
    return peppers_of(settings.data_dir, settings.key_pepper, alone=settings.database_url is None)


async def keep_fresh(
    settings: Settings,
    addresses: Addresses,
    stack: AsyncExitStack,
    reload: Callable[[], Awaitable[None]],
) -> Refresh:
    """Load what is in force, and again whenever that changes; end with the process that started this one."""
    await reload()
    refresh = Refresh(dsn_of(addresses.database_url), reload, poll_s=settings.poll_s)
    await stack.enter_async_context(background(refresh.run()))
    if settings.parent_pid not in {None, os.getpid()}:
        await stack.enter_async_context(background(leave_with(settings.parent_pid)))
    return refresh
