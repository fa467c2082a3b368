"""A shop whose visitors are remembered, and what its back office asks of them."""

from typing import Any
from urllib.parse import quote

from httpx import Response

from app.storage.postgres import Postgres
from tests.builders import delivering, experiment, journey, rule, segment
from tests.shop import Headers, Shop
from tests.waiting import until

VIEWED = segment("viewed", {"events.page_viewed.count": {"$gte": 1}})
GOLD = segment("gold", {"traits.plan.tier": "gold"})
FIELDS: dict[str, Any] = {
    "segments": [VIEWED, GOLD, segment("spent", {"events.page_viewed.sum_value": {"$gte": 1}})],
    "journeys": [journey("new", {"key": "known", "when": {"events.page_viewed.count": {"$gte": 1}}})],
    "experiments": [experiment()],
    "rules": [
        rule("offer", priority=900, audience={"segments": ["gold"]}, cap={"count": 5}),
        delivering("hero-copy"),
    ],
}


async def asked(
    shop: Shop, method: str, visitor: str, headers: Headers | None = None, **sent: Any
) -> Response:
    """Ask for a profile, with the secret key unless the headers say otherwise."""
    path = f"/api/v1/profiles/{quote(visitor, safe='/')}"
    return await shop.edge.client.request(method, path, headers=headers or shop.secret, **sent)


async def told(shop: Shop, visitor: str = "v-1") -> dict[str, Any]:
    response = await asked(shop, "GET", visitor)
    assert response.status_code == 200
    answered: dict[str, Any] = response.json()
    return answered


async def patched(shop: Shop, traits: Any, visitor: str = "v-1") -> Response:
    return await asked(shop, "PATCH", visitor, json={"traits": traits})


async def segments(shop: Shop, headers: Headers | None = None, **visitor: Any) -> list[str]:
    """Decide, and tell the segments of who asked."""
    body = (await shop.decide(headers, visitor={"id": "v-1", **visitor})).json()
    found: list[str] = body["visitor"]["segments"]
    return found


async def is_merged(shop: Shop, postgres: Postgres, into: str = "$user:u-1") -> None:
    """Wait until a merge of `v-1` is stored."""
    query = "SELECT count(*) FROM profile_changes WHERE site_id = $1 AND visitor = 'v-1' AND \"into\" = $2"

    async def stored() -> bool:
        return bool(await postgres.pool.fetchval(query, shop.site.site_id, into))

    await until(stored)


async def unmerged(shop: Shop, user: str = "u-1", visitor: str = "v-1") -> Response:
    return await asked(shop, "DELETE", f"{visitor}/identity/{user}")
