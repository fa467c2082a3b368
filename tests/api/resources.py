"""One sound resource of each kind, as the tests of resources make and change them."""

from typing import Any

from httpx import AsyncClient, Response

API = "/api/v1"

# Each list by its path, with a resource that names no other and a patch that changes it.
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "placements": ({"key": "x", "variants": [{"key": "a"}]}, {"default": "a"}),
    "placements/p/variants": ({"key": "x", "content": {"n": 1}}, {"content": {"n": 2}}),
    "segments": ({"key": "x", "condition": {"traits.a": 1}}, {"condition": {"traits.a": 2}}),
    "journeys": ({"key": "x", "stages": [{"key": "a"}]}, {"stages": [{"key": "b"}]}),
    "metrics": ({"key": "x", "event": "signup"}, {"window_days": 7}),
    "exclusion_groups": ({"key": "x", "salt": "s"}, {"salt": "t"}),
    "rules": ({"key": "x", "placements": ["p"], "deliver": {"variant": "v"}}, {"priority": 7}),
    "experiments": ({"key": "x", "arms": [{"key": "a"}]}, {"traffic": 50}),
}


async def with_placement(client: AsyncClient) -> AsyncClient:
    """Make the placement that the variants stand in."""
    await made(client, "placements", {"key": "p"})
    return client


async def made(client: AsyncClient, path: str, document: dict[str, Any]) -> Response:
    """Make a resource."""
    response = await client.put(f"{API}/{path}/{document['key']}", json=document)
    assert response.status_code == 201, response.text
    return response


async def keys_of(client: AsyncClient, path: str, **query: str | int) -> list[str]:
    """List the keys of a page."""
    response = await client.get(f"{API}/{path}", params=query)
    assert response.status_code == 200, response.text
    return [item["key"] for item in response.json()["items"]]


def matching(response: Response) -> dict[str, str]:
    """Give the header that says to have seen what this answer shows."""
    return {"If-Match": response.headers["etag"]}
