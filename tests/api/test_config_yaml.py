"""The configuration as YAML, and what of it is told in both ways of writing it."""

from typing import Any

import pytest
import yaml
from httpx import AsyncClient, Response
from hypothesis import given, settings

from app.admin.config.examples import CONFIG, CONFIG_AS_YAML
from app.admin.config.read_yaml import reading
from app.kit.steps import finished
from app.web.keyring import Role
from tests.api.answers import CONFIG_URL, document_of, pointers, replace, rules, said
from tests.api.conftest import AdminFactory
from tests.api.test_config_round_trip import documents

YAML = "application/yaml"


async def get_yaml(client: AsyncClient) -> Response:
    return await client.get(CONFIG_URL, headers={"Accept": YAML})


async def put_yaml(client: AsyncClient, text: str | bytes, kind: str = YAML) -> Response:
    return await client.put(CONFIG_URL, content=text, headers={"Content-Type": kind, "If-Match": "*"})


async def test_the_draft_is_answered_as_the_client_likes_best(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, CONFIG)
    liked = {"*/*": "application/json", "application/json;q=0.5, application/yaml": YAML, "text/yaml": YAML}
    for accept, kind in liked.items():
        response = await client.get(CONFIG_URL, headers={"Accept": accept})
        assert response.headers["content-type"] == kind
        assert response.headers["vary"] == "Accept"
        assert yaml.safe_load(response.content) == CONFIG


async def test_who_takes_none_of_both_is_told_so(admin: AdminFactory) -> None:
    client = await admin()
    said(await client.get(CONFIG_URL, headers={"Accept": "text/html"}), 406)


async def test_the_etag_is_that_of_the_draft_however_it_is_written(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, rules("a"))
    etag = (await get_yaml(client)).headers["etag"]
    assert etag == (await client.get(CONFIG_URL)).headers["etag"]
    put = await client.put(CONFIG_URL, content="{}", headers={"Content-Type": YAML, "If-Match": etag})
    assert put.status_code == 200


async def test_countries_and_times_stay_what_they_are(admin: AdminFactory) -> None:
    client = await admin()
    assert (await put_yaml(client, CONFIG_AS_YAML)).status_code == 200
    values = "[NO, off, 1:20, 2026-11-22, 1e3, ~]"
    text = f"segments:\n- key: s\n  condition: {{traits.a: {{$in: {values}}}}}\n"
    assert (await put_yaml(client, text)).status_code == 200
    (segment,) = (await document_of(client))["segments"]
    assert segment["condition"]["traits.a"]["$in"] == ["NO", "off", "1:20", "2026-11-22", 1000.0, None]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/yaml; charset=utf-8", 200),
        ("application/x-yaml", 200),
        ("text/yaml", 200),
        ("application/config+yaml", 200),
        ("text/plain", 415),
    ],
)
async def test_the_body_must_say_that_it_is_yaml(admin: AdminFactory, kind: str, status: int) -> None:
    assert (await put_yaml(await admin(), "site: {}", kind)).status_code == status


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("site: [", "line 2, column 1"),
        ("site: {}\nsite: {}", "line 2, column 1"),
        ("a: &a !!str x", "line 1, column 4"),
        ("a: .nan", "line 1, column 4"),
        ("a:\n- 0x" + "f" * 4_000, "line 2, column 3"),
    ],
)
async def test_what_cannot_be_read_is_a_bad_request_that_names_the_place(
    admin: AdminFactory, text: str, place: str
) -> None:
    body = said(await put_yaml(await admin(), text), 400)
    assert body["detail"].startswith(f"the body cannot be read as YAML: {place}: ")


async def test_what_is_wrong_is_named_as_it_is_in_json(admin: AdminFactory) -> None:
    client = await admin()
    assert pointers(await put_yaml(client, "rules: [{key: a, colour: red}]")) == [
        "/rules/0/placements",
        "/rules/0/deliver",
        "/rules/0/colour",
    ]
    assert pointers(await put_yaml(client, "")) == [""]
    assert await document_of(client) == {}


async def test_aliases_do_not_nest_without_end(admin: AdminFactory) -> None:
    lines = ["a0: &a0 [1]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 140))]
    response = await put_yaml(await admin(), "\n".join(lines))
    assert pointers(response) == [""]


async def test_nobody_s_body_is_read_without_the_role(admin: AdminFactory) -> None:
    said(await put_yaml(await admin(Role.VIEWER), "a: ["), 403)


async def test_what_changes_is_told_in_detail(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, {"site": {}, **rules("a", "b")})
    after = {"site": {}, "rules": [{**rules("b")["rules"][0], "note": "!"}, *rules("c")["rules"]]}
    dry = await client.put(f"{CONFIG_URL}?dry_run=true", json=after)
    assert dry.json()["details"] == {
        "resources": {
            "rules/a": [{"pointer": "", "before": rules("a")["rules"][0]}],
            "rules/b": [{"pointer": "/note", "after": "!"}],
            "rules/c": [{"pointer": "", "after": rules("c")["rules"][0]}],
        },
        "cut": False,
    }
    assert (await replace(client, after)).json() == dry.json()


async def test_the_secret_is_in_no_detail(admin: AdminFactory) -> None:
    client = await admin()
    answered = await replace(client, {"site": {"identity_secret": "nobody shall be told"}})
    assert answered.json()["changed"] == ["/site/identity_secret"]
    assert "nobody" not in answered.text


async def test_ten_thousand_rules_go_through_yaml(admin: AdminFactory) -> None:
    client = await admin()
    document = rules(*(f"r{i}" for i in range(10_000)))
    await replace(client, document)
    text = (await get_yaml(client)).content
    other = await admin()
    assert (await put_yaml(other, text)).status_code == 200
    assert await document_of(other) == document


@settings(max_examples=25, deadline=None)
@given(documents)
async def test_any_draft_goes_through_yaml_to_another_site(
    admin: AdminFactory, document: dict[str, Any]
) -> None:
    here, there = await admin(), await admin()
    await replace(here, document)
    text = (await get_yaml(here)).content
    assert finished(reading(text, limit=2**20)) == document
    assert (await put_yaml(there, text)).status_code == 200
    got, copied = await here.get(CONFIG_URL), await there.get(CONFIG_URL)
    assert (got.content, got.headers["etag"]) == (copied.content, copied.headers["etag"])
