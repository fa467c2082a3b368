"""The gate's harness against the real service, as small as it can be."""

from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from app.engine.profile import Profile
from app.journal.streams import bytes_in
from app.profiles.codec import readable_profile
from app.profiles.redis import tag_of
from app.storage.postgres import dsn_of
from loadtests.speed.asking import decisions, observations
from loadtests.speed.host import hosted
from loadtests.speed.rounds import Variant, cheapest
from loadtests.speed.shop import ARMS, EXPERIMENTS
from loadtests.speed.sites import prepared
from loadtests.speed.visitors import visitor_id
from loadtests.speed.wire import Lines

RULES, VISITORS = 10, 64


@pytest.mark.parametrize("plain", [False, True])
async def test_known_visitors_are_decided_on_and_their_events_taken(tmp_path: Path, *, plain: bool) -> None:
    async with prepared(tmp_path, {RULES: VISITORS}) as ground, hosted(ground) as hosts:
        for mode, host in hosts.items():
            before = bytes_in(tmp_path / "journal")
            lines, site = Lines(host.configured(plain=plain), 4), host.sites[RULES]
            asked = [
                Variant("decide", lines, decisions(site, iter(range(VISITORS)), 5, events=1), requests=8),
                Variant("events", lines, observations(site, iter(range(VISITORS)), 3), requests=8),
            ]
            # Whatever is answered wrongly raises.
            assert [*await cheapest(asked, 1, ground.drop_shipped)] == ["decide", "events"]
            assert (bytes_in(tmp_path / "journal") > before) is (mode != "none")
            lines.close()


async def test_what_is_cached_of_a_visitor_is_durable_too(tmp_path: Path) -> None:
    """A shipper, who runs beside some benchmarks, holds what is cached to it."""
    async with prepared(tmp_path, {RULES: 2}) as ground:
        site = ground.sites[RULES].site_id
        connection = await asyncpg.connect(dsn_of(ground.servers.database_url))
        rows = await connection.fetch("SELECT site_id, visitor, body FROM profiles ORDER BY visitor")
        await connection.close()
        async with Redis.from_url(ground.servers.redis_url) as redis:
            cached = [await redis.get(f"profile:{tag_of(site, visitor_id(number))}") for number in range(2)]
    assert [(row["site_id"], row["visitor"]) for row in rows] == [(site, visitor_id(n)) for n in range(2)]
    durable = [profile_of(row["body"]) for row in rows]
    assert durable == [*map(profile_of, cached)]
    assert [profile.arms[EXPERIMENTS[0]].arm for profile in durable] == [*ARMS]


def profile_of(body: object) -> Profile:
    assert isinstance(body, bytes)
    profile = readable_profile(body)
    assert profile is not None
    return profile
