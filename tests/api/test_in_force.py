"""What an admin has been told is done is in force for the next request of the same worker."""

from typing import Any

import pytest_asyncio
from httpx import Response

from app.web.keyring import Role
from tests.shop import RunningEdge, Shop
from tests.sites import SiteFactory

API = "/api/v1"
TIMES = 10


@pytest_asyncio.fixture(scope="session")
async def shop(edge: RunningEdge, new_site: SiteFactory) -> Shop:
    return await edge.shop(new_site)


async def asked(shop: Shop, method: str, path: str, key: str | None = None, **body: Any) -> Response:
    headers = {"Authorization": f"Bearer {key or shop.site.secret_key}", "If-Match": "*"}
    content = body if method in {"POST", "PATCH"} else None
    return await shop.edge.client.request(method, f"{API}/{path}", json=content, headers=headers)


async def new_key(shop: Shop, role: Role) -> dict[str, Any]:
    made: dict[str, Any] = (
        (await asked(shop, "POST", "keys", name="the CMS", role=role.name.lower())).raise_for_status().json()
    )
    return made


async def test_what_is_published_is_decided_by_at_once(shop: Shop) -> None:
    for _ in range(TIMES):
        number = (await asked(shop, "POST", "revisions")).raise_for_status().json()["number"]
        assert (await shop.decide()).json()["revision"] == number


async def test_a_key_is_good_as_soon_as_it_is_told_and_no_more_when_it_is_revoked(shop: Shop) -> None:
    for _ in range(TIMES):
        made = await new_key(shop, Role.VIEWER)
        assert (await asked(shop, "GET", "site", made["key"])).status_code == 200
        assert (await asked(shop, "DELETE", f"keys/{made['id']}")).status_code == 204
        assert (await asked(shop, "GET", "site", made["key"])).status_code == 401


async def test_a_key_has_its_new_role_at_once(shop: Shop) -> None:
    made = await new_key(shop, Role.PUBLISHER)
    assert (await asked(shop, "POST", "revisions", made["key"])).status_code == 201
    (await asked(shop, "PATCH", f"keys/{made['id']}", role="viewer")).raise_for_status()
    assert (await asked(shop, "POST", "revisions", made["key"])).status_code == 403


async def test_a_revoked_preview_link_shows_nothing_from_then_on(shop: Shop) -> None:
    token = (await asked(shop, "POST", "preview-links")).raise_for_status().json()["token"]
    assert (await shop.decide(preview=token)).json()["degraded"] == []
    assert (await asked(shop, "DELETE", "preview-links")).status_code == 204
    assert (await shop.decide(preview=token)).json()["degraded"] == ["preview"]


async def test_an_identity_secret_is_in_force_at_once(shop: Shop) -> None:
    for number in range(TIMES):
        secret = f"a secret of ours, {number}"
        (await asked(shop, "PATCH", "site", identity_secret=secret)).raise_for_status()
        known = shop.edge.parts.rulesets.find(shop.site.site_id)
        assert known is not None
        assert known.identity_secret == secret
