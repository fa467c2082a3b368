"""What works beside the processes that answer: shipping the journal, counting results."""

import asyncio
import os
from contextlib import AsyncExitStack

from app.admin.revisions.timetable import Timetable
from app.admin.runs.starter import Starter
from app.admin.webhooks.post import Post
from app.admin.webhooks.reach import Reach
from app.admin.webhooks.sender import Sender
from app.journal.ship import Shipper
from app.kit.parent import leave_with
from app.kit.tasks import background
from app.profiles.durable import DurableProfiles
from app.profiles.heal import Healer
from app.profiles.redis import RedisProfiles
from app.reporting.marks import Marking
from app.reporting.reporter import Reporter
from app.rulesets.live import LiveRulesets
from app.rulesets.loader import RulesetLoader
from app.settings import Settings
from app.storage.postgres import LONG_S, Postgres
from app.storage.retention import Keeper
from app.storage.valkey import Valkey
from app.wiring import DAY_S, PATIENCE_S, keep_fresh, servers


async def ship(settings: Settings, stop: asyncio.Event) -> None:
    """Carry the journal of this host to PostgreSQL until told to stop, and have its runs done."""
    async with AsyncExitStack() as stack:
        addresses = stack.enter_context(servers(settings))
        postgres = await Postgres.open(addresses.database_url)
        stack.push_async_callback(postgres.close)
        rulesets = LiveRulesets()
        await keep_fresh(settings, addresses, stack, RulesetLoader(postgres.pool, rulesets).load)
        valkey = Valkey(addresses.redis_url)
        stack.callback(valkey.close)
        read = DurableProfiles(postgres.pool, rulesets.ruleset_of)
        ttl_s = round(settings.profile_ttl_days * DAY_S)
        cache = RedisProfiles(valkey, read, budget_s=PATIENCE_S, ttl_s=ttl_s)
        healer = Healer(read, cache, lambda: shipper.mark())  # noqa: PLW0108 - there is no shipper yet
        durable = DurableProfiles(postgres.pool, rulesets.ruleset_of, healer.touched)
        shipper = Shipper(settings.journal_dir, postgres.pool, Marking(durable))
        await stack.enter_async_context(background(healer.run()))
        await stack.enter_async_context(background(Keeper(postgres.pool).run()))
        lock = settings.data_dir / "runs.lock"
        starter = Starter(postgres.pool, addresses.database_url, lock, poll_s=settings.poll_s)
        await stack.enter_async_context(background(starter.run()))
        await stack.enter_async_context(background(Timetable(postgres.engine).run()))
        post = await stack.enter_async_context(Post(Reach(settings.webhook_networks)))
        await stack.enter_async_context(background(Sender(postgres.pool, post).run()))
        await shipper.run(stop)


async def report(settings: Settings, stop: asyncio.Event) -> None:
    """Keep results counted until told to stop."""
    async with AsyncExitStack() as stack:
        addresses = stack.enter_context(servers(settings))
        postgres = await Postgres.open(addresses.database_url, statement_s=LONG_S)
        stack.push_async_callback(postgres.close)
        if settings.parent_pid not in {None, os.getpid()}:
            await stack.enter_async_context(background(leave_with(settings.parent_pid)))
        await stack.enter_async_context(background(Reporter(postgres.pool).run()))
        await stop.wait()


async def recount(settings: Settings) -> int:
    """Count all results anew from raw rows; answers how many units there are."""
    with servers(settings) as addresses:
        postgres = await Postgres.open(addresses.database_url, statement_s=LONG_S)
        try:
            return await Reporter(postgres.pool).recount()
        finally:
            await postgres.close()
