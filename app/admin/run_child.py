"""The process that does runs, one after the other, and is gone with its parent."""

import asyncio
import logging
import sys
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from app.admin.impact.replay import replay_logged
from app.admin.impact.schemas import IMPACT
from app.admin.runs.starter import Orders
from app.admin.runs.take import Work, take_runs
from app.admin.sizes.measure import measure_sizes
from app.admin.sizes.schemas import SIZES
from app.kit.parent import leave_with
from app.kit.tasks import background
from app.storage.postgres import Postgres

KINDS: Mapping[str, Work] = MappingProxyType({IMPACT: replay_logged, SIZES: measure_sizes})


async def do_runs(orders: Orders) -> None:
    """Do all runs that wait; ends this process where its parent is gone."""
    async with background(leave_with(orders.parent_pid)):
        postgres = await Postgres.open(orders.database_url)
        try:
            await take_runs(postgres, KINDS)
        finally:
            await postgres.close()


def main() -> None:
    """Read what to do from standard input, and do it."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    orders = msgspec.json.decode(sys.stdin.buffer.read(), type=Orders)
    asyncio.run(do_runs(orders))


if __name__ == "__main__":
    main()
