from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from app.admin.route import BODY_LIMIT_BYTES
from app.web.keyring import Role
from tests.api.answers import CONFIG_URL, document_of, pointers, replace, rules, said
from tests.api.conftest import AdminFactory
from tests.sites import SiteFactory


async def test_two_sites_never_see_each_other(admin: AdminFactory) -> None:
    ours, theirs = await admin(), await admin()
    await replace(ours, rules("ours"))
    await replace(theirs, rules("theirs"))
    assert await document_of(ours) == rules("ours")
    await replace(theirs, {})
    assert await document_of(ours) == rules("ours")


@pytest.mark.parametrize(
    ("role", "status"), [(Role.VIEWER, 403), (Role.EDITOR, 200), (Role.PUBLISHER, 200), (Role.ADMIN, 200)]
)
async def test_everybody_may_read_and_an_editor_may_write(
    admin: AdminFactory, role: Role, status: int
) -> None:
    client = await admin(role)
    assert (await client.get(CONFIG_URL)).status_code == 200
    assert (await client.put(CONFIG_URL, json=rules("a"))).status_code == status


async def test_a_public_key_may_not_even_read(admin: AdminFactory, new_site: SiteFactory) -> None:
    site = await new_site()
    client = await admin(site=site)
    body = said(await client.get(CONFIG_URL, headers={"Authorization": f"Bearer {site.public_key}"}), 403)
    assert "public key" in body["detail"]


@pytest.mark.parametrize(
    "header", [{"Authorization": ""}, {"Authorization": "Bearer sk_unknown"}, {"Authorization": "Basic c2s6"}]
)
async def test_without_a_known_key_nothing_is_told(admin: AdminFactory, header: dict[str, str]) -> None:
    response = await (await admin()).get(CONFIG_URL, headers=header)
    said(response, 401)
    assert response.headers["www-authenticate"] == 'Bearer realm="signpost"'


async def test_the_body_of_a_stranger_is_not_even_read(admin_app: FastAPI) -> None:
    asked_for = []

    async def body() -> AsyncIterator[bytes]:
        asked_for.append("a chunk")
        yield b"{}"

    client = AsyncClient(transport=ASGITransport(admin_app), base_url="http://admin")
    said(await client.put(CONFIG_URL, content=body(), headers={"Content-Type": "application/json"}), 401)
    assert asked_for == []


async def test_a_body_over_the_limit_is_too_large_however_it_comes(admin: AdminFactory) -> None:
    client = await admin()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 2**20

    for content in (b" " * (BODY_LIMIT_BYTES + 1), endless()):
        said(await client.put(CONFIG_URL, content=content, headers={"Content-Type": "application/json"}), 413)


@pytest.mark.parametrize("content", [b"", b"{", b"site: {}", b'{"site": NaN}', b'"\\ud800"'])
async def test_what_is_not_json_is_a_bad_request(admin: AdminFactory, content: bytes) -> None:
    response = await (await admin()).put(
        CONFIG_URL, content=content, headers={"Content-Type": "application/json"}
    )
    assert "not JSON" in said(response, 400)["detail"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json; charset=utf-8", 200),
        ("application/config+json", 200),
        ("text/plain", 415),
        ("", 415),
        ("application/x-www-form-urlencoded", 415),
    ],
)
async def test_the_body_must_say_that_it_is_json(admin: AdminFactory, kind: str, status: int) -> None:
    response = await (await admin()).put(CONFIG_URL, content=b"{}", headers={"Content-Type": kind})
    assert response.status_code == status


async def test_all_that_is_wrong_is_named_at_once_and_nothing_is_kept(admin: AdminFactory) -> None:
    client = await admin()
    wrong = {
        "site": {"timezone": 7},
        "placements": [{"key": "p", "variants": [{"key": "v", "content": {"a": [1, "x\x00"]}}]}],
        "rules": [{**rules("a")["rules"][0], "priority": 1000}, *rules("b", "b")["rules"], {"key": "c"}],
        "extra/field": 1,
    }
    response = await client.put(CONFIG_URL, json=wrong)
    assert set(pointers(response)) == {
        "/site/timezone",
        "/placements/0/variants/0/content/a/1",
        "/rules/0/priority",
        "/rules/2/key",
        "/rules/3/placements",
        "/rules/3/deliver",
        "/extra~1field",
    }
    assert await document_of(client) == {}


@pytest.mark.parametrize("body", [b"null", b"[]", b"7", b'"x"'])
async def test_a_body_that_is_no_object_is_wrong_as_a_whole(admin: AdminFactory, body: bytes) -> None:
    response = await (await admin()).put(
        CONFIG_URL, content=body, headers={"Content-Type": "application/json"}
    )
    assert pointers(response) == [""]


async def test_nesting_without_end_is_wrong_content(admin: AdminFactory) -> None:
    body = b'{"site":' + b"[" * 900 + b"]" * 900 + b"}"
    response = await (await admin()).put(
        CONFIG_URL, content=body, headers={"Content-Type": "application/json"}
    )
    assert pointers(response) == [""]


async def test_a_wrong_query_is_named(admin: AdminFactory) -> None:
    assert pointers(await (await admin()).put(f"{CONFIG_URL}?dry_run=perhaps", json={})) == ["query:dry_run"]


async def test_the_request_id_is_returned(admin: AdminFactory) -> None:
    response = await (await admin()).get(CONFIG_URL, headers={"X-Request-Id": "r-7"})
    assert response.headers["x-request-id"] == "r-7"
