"""`signpost ship`, `report` and `recount`: what works beside the service."""

import argparse
import asyncio
import signal
from collections.abc import Awaitable, Callable

from app import beside
from app.cli.terminal import say
from app.settings import Settings


def ship(settings: Settings, _: argparse.Namespace) -> None:
    """Carry the journal of this host to PostgreSQL until told to stop."""
    asyncio.run(_until_told(beside.ship, settings))


def report(settings: Settings, _: argparse.Namespace) -> None:
    """Keep results counted until told to stop."""
    asyncio.run(_until_told(beside.report, settings))


def recount(settings: Settings, _: argparse.Namespace) -> None:
    """Count all results anew from raw rows."""
    say(f"{asyncio.run(beside.recount(settings))} units counted")


async def _until_told(work: Callable[[Settings, asyncio.Event], Awaitable[None]], settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await work(settings, stop)
