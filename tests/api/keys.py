"""What tests of keys ask again and again."""

from datetime import UTC, datetime, timedelta
from typing import Any

from httpx import AsyncClient, Response

KEYS_URL = "/api/v1/keys"
EDITOR = {"role": "editor", "name": "a CMS"}
ADMIN = {"role": "admin", "name": "a second admin"}


async def make(client: AsyncClient, **wanted: Any) -> dict[str, Any]:
    """Make a key, an editor's unless something else is wanted."""
    response = await client.post(KEYS_URL, json={**EDITOR, **wanted})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def told(client: AsyncClient, key: dict[str, Any]) -> dict[str, Any]:
    """Read what is told of a key."""
    answered: dict[str, Any] = (await client.get(f"{KEYS_URL}/{key['id']}")).raise_for_status().json()
    return answered


async def first_admin(client: AsyncClient) -> dict[str, Any]:
    """Find the key that the site was made with."""
    listed = (await client.get(KEYS_URL)).json()["items"]
    found: dict[str, Any] = next(key for key in reversed(listed) if key["role"] == "admin")
    return found


async def patch(client: AsyncClient, key: dict[str, Any], **changes: Any) -> Response:
    """Change a key, whatever it is now."""
    return await client.patch(f"{KEYS_URL}/{key['id']}", json=changes, headers={"If-Match": "*"})


async def rotate(client: AsyncClient, key: dict[str, Any], **how: Any) -> Response:
    """Rotate a key."""
    return await client.post(f"{KEYS_URL}/{key['id']}/rotate", json=how)


async def revoke(client: AsyncClient, key: dict[str, Any]) -> Response:
    """Revoke a key."""
    return await client.delete(f"{KEYS_URL}/{key['id']}")


def later(**delta: float) -> str:
    """Write an instant to come."""
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()
