"""A site with segments and a journey, and profiles of visitors made up by lot."""

import random
from collections.abc import Mapping
from typing import Any

from httpx import AsyncClient

from app.admin.sites.service import NewSite
from app.engine.compile import compile_ruleset, parse_document
from app.engine.profile import Counter, Profile, StageHeld
from app.profiles.codec import encode_profile
from app.storage.postgres import Postgres
from tests.api.runs import do_runs
from tests.builders import document, journey, segment

ALL, OVERLAP = "/api/v1/segment-sizes", "/api/v1/segment-overlap"
STAGES = "/api/v1/journeys/purchase/stages/sizes"
SITE: Mapping[str, Any] = document(
    segments=[
        segment("vip", {"traits.vip": True}),
        segment("keen", {"events.viewed.count": {"$gte": 3}}),
        segment("german", {"context.country": "DE"}),
        segment("here", {"context.country": None, "traits.vip": True}),
    ],
    journeys=[
        journey("new", {"key": "known", "when": {"events.viewed.count": {"$gte": 2}}, "decay_after_days": 30})
    ],
)
RULES = compile_ruleset(parse_document(SITE), 1)
AGO_MS = 1_000_000_000_000


def some_profile(draw: random.Random) -> Profile:
    viewed = draw.randint(1, 5)
    counter = Counter(count=viewed, first_ms=AGO_MS, last_ms=AGO_MS)
    long_gone = draw.random() < 0.2
    return Profile(
        first_ms=AGO_MS,
        last_event_ms=AGO_MS if long_gone else AGO_MS * 2,
        traits={"vip": draw.random() < 0.3},
        counters={"viewed": counter},
        stages={"purchase": StageHeld("known" if viewed > 1 else "new", AGO_MS)},
        events=viewed,
        asked=RULES.asked if draw.random() < 0.9 else "another",
    )


async def keep(postgres: Postgres, site: NewSite, profiles: Mapping[str, Profile | None]) -> None:
    """Store profiles as shipping does; None has just been made."""
    rows = [
        (site.site_id, visitor, b"" if profile is None else encode_profile(profile))
        for visitor, profile in profiles.items()
    ]
    columns = ("site_id", "visitor", "body")
    await postgres.pool.copy_records_to_table("profiles", records=rows, columns=columns)


async def many(postgres: Postgres, site: NewSite, count: int) -> dict[str, Profile]:
    draw = random.Random(count)  # noqa: S311 - making up visitors is not cryptography
    profiles = {f"v-{number}": some_profile(draw) for number in range(count)}
    await keep(postgres, site, profiles)
    return profiles


async def read(client: AsyncClient, postgres: Postgres, url: str, **query: Any) -> dict[str, Any]:
    """Read figures; where there are none yet, have them measured."""
    first = await client.get(url, params=query)
    if first.status_code == 202:
        assert first.headers["Retry-After"] == "1"
        await do_runs(postgres)
        first = await client.get(url, params=query)
    assert first.status_code == 200, first.text
    answered: dict[str, Any] = first.json()
    return answered
