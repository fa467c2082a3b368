"""Visitors who were here before: 800 bytes of profile each, kept where the service keeps them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from redis.asyncio import Redis

from app.engine.compile import compile_ruleset, parse_document
from app.engine.profile import Profile
from app.engine.records import Assignment, ConsentSaid, Event, Record, TraitsSet
from app.kit.clock import ms_of
from app.profiles.codec import encode_profile
from app.profiles.fold import fold
from app.profiles.redis import tag_of
from loadtests.speed.shop import ARMS, EXPERIMENTS, shop

TTL_S = 86_400
_AT_ONCE = 1_000
_VISITS = ("page_viewed",) * 12 + ("product_viewed",) * 18 + ("product_added",) * 3 + ("order_completed",)


def visitor_id(number: int) -> str:
    """Name a visitor, as long as the ids that browsers make up."""
    return f"0197c8a2-3b1e-7c44-9d27-{number:012x}"


def profiles(rules: int, now: datetime) -> list[Profile]:
    """Fold the same past under the ruleset of a shop, once for each arm that its visitor may be in."""
    ruleset = compile_ruleset(parse_document(shop(rules)), 1)
    return [fold(Profile(), [*_past(now), *_arms(arm, now)], ruleset) for arm in ARMS]


async def fill(redis: Redis, site: int, numbers: range, known: Sequence[Profile]) -> None:
    """Put a profile of each visitor into Valkey, as one of those who are known."""
    bodies = [encode_profile(profile) for profile in known]
    for start in range(numbers.start, numbers.stop, _AT_ONCE):
        async with redis.pipeline(transaction=False) as pipeline:
            for number in range(start, min(start + _AT_ONCE, numbers.stop)):
                key = f"profile:{tag_of(site, visitor_id(number))}"
                await pipeline.set(key, bodies[number % len(bodies)], ex=TTL_S)
            await pipeline.execute()


async def store(pool: asyncpg.Pool, site: int, count: int, known: Sequence[Profile]) -> None:
    """Put the durable copies of so many visitors into PostgreSQL: a shipper holds cached ones to these."""
    bodies = [encode_profile(profile) for profile in known]
    rows = ((site, visitor_id(number), bodies[number % len(bodies)]) for number in range(count))
    await pool.copy_records_to_table("profiles", records=rows, columns=["site_id", "visitor", "body"])


def _past(now: datetime) -> Iterator[Record]:
    start, start_ms = now - timedelta(days=5), ms_of(now - timedelta(days=5))
    yield ConsentSaid(1, "v", "c", {"personalization": True, "analytics": True}, start_ms)
    traits: dict[str, Any] = {"plan": "free", "score": 61, "vip": True, "city": "Leeds", "newsletter": False}
    yield TraitsSet(1, "v", "t", traits, start_ms)
    for number, name in enumerate(_VISITS):
        at_ms = ms_of(start + number * timedelta(hours=1))
        properties = {"category": "bikes", "value": 499.9, "currency": "EUR", "sku": f"B-{number}"}
        yield Event(1, "v", f"e-{number}", name, properties, at_ms, at_ms)


def _arms(arm: str, now: datetime) -> Iterator[Record]:
    at_ms = ms_of(now - timedelta(days=5))
    for experiment in EXPERIMENTS:
        yield Assignment(
            site=1,
            visitor="v",
            decision_id="d",
            experiment=experiment,
            unit="v",
            arm=arm,
            phase=1,
            revision=1,
            first=True,
            stage=None,
            stages={},
            segments=(),
            device=None,
            country=None,
            at_ms=at_ms,
        )
