"""What tests of the API ask again and again."""

from typing import Any

from httpx import AsyncClient, Response

CONFIG_URL = "/api/v1/config"
REVISIONS_URL = "/api/v1/revisions"


def said(response: Response, status: int) -> dict[str, Any]:
    """Check that an answer is a problem of this status, and give what it says."""
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["status"]) == (status, status)
    return body


def pointers(response: Response) -> list[str]:
    """Check that something was wrong, and give the places."""
    return [error["pointer"] for error in said(response, 422)["errors"]]


async def replace(client: AsyncClient, document: dict[str, Any]) -> Response:
    """Put a document over whatever the draft is."""
    response = await client.put(CONFIG_URL, json=document, headers={"If-Match": "*"})
    assert response.status_code == 200
    return response


async def publish(client: AsyncClient, document: dict[str, Any], comment: str = "") -> dict[str, Any]:
    """Put a document and publish it."""
    await replace(client, document)
    response = await client.post(REVISIONS_URL, json={"comment": comment})
    assert response.status_code == 201
    answered: dict[str, Any] = response.json()
    return answered


async def document_of(client: AsyncClient) -> dict[str, Any]:
    """Read the draft."""
    answered: dict[str, Any] = (await client.get(CONFIG_URL)).json()
    return answered


def rules(*keys: str) -> dict[str, Any]:
    """Make a document of rules that only their keys tell apart."""
    return {"rules": [{"key": key, "placements": ["p"], "deliver": {"variant": "v"}} for key in keys]}


def experiment(content: str) -> dict[str, Any]:
    """Make a site whose one experiment compares two contents, the second as given."""
    variants = [{"key": "old", "content": "old"}, {"key": "new", "content": content}]
    arms = [{"key": "a", "variants": {"p": "old"}}, {"key": "b", "variants": {"p": "new"}}]
    return {
        "placements": [{"key": "p", "variants": variants}],
        "experiments": [{"key": "e", "status": "running", "arms": arms}],
    }
