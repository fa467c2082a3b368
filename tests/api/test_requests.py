"""What holds for every request of the admin edge, whatever it is about."""

from typing import Any

import pytest

from tests.api.answers import CONFIG_URL, document_of, pointers, replace, rules, said
from tests.api.conftest import AdminFactory
from tests.api.furnished import Furnished
from tests.api.named import names_of
from tests.api.operations import Operation, each, operations
from tests.api.resources import API, made
from tests.shop import RunningEdge

SEGMENT = {"key": "s", "condition": {}}


async def test_a_misspelt_dry_run_changes_nothing(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, rules("a"))
    response = await client.put(f"{CONFIG_URL}?dryrun=true", json={}, headers={"If-Match": "*"})
    (error,) = said(response, 422)["errors"]
    assert error == {
        "pointer": "query:dryrun",
        "message": "unknown parameter 'dryrun'; did you mean dry_run?",
    }
    assert await document_of(client) == rules("a")


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("rules?lim=3", "query:lim"),
        ("rules?status=enabled&key=r", "query:key"),
        ("segments?status=draft", "query:status"),
        ("audit?limit=3&who=me", "query:who"),
        ("site?verbose", "query:verbose"),
        ("site?verbose=1", "query:verbose"),
        ("config?format=yaml", "query:format"),
    ],
)
async def test_a_parameter_that_nothing_reads_is_refused(
    admin: AdminFactory, path: str, pointer: str
) -> None:
    assert pointers(await (await admin()).get(f"{API}/{path}")) == [pointer]


async def test_a_wrong_method_is_told_the_right_ones(admin: AdminFactory) -> None:
    response = await (await admin()).post(f"{API}/rules/r", json={})
    assert said(response, 405)["detail"] == "this path can be asked with DELETE, GET, PATCH, PUT"
    assert response.headers["allow"] == "DELETE, GET, PATCH, PUT"


@pytest.mark.parametrize("path", ["segments/", "segments/s/", "config/", "site/"])
async def test_nobody_is_sent_elsewhere_by_a_slash_too_many(edge: RunningEdge, path: str) -> None:
    response = await edge.client.get(f"{API}/{path}")
    said(response, 404)
    assert "location" not in response.headers


async def test_who_has_what_a_get_would_answer_is_not_sent_it_again(admin: AdminFactory) -> None:
    client = await admin()
    etag = (await made(client, "segments", SEGMENT)).headers["etag"]
    for given in (etag, f'"other", W/{etag}', "*"):
        response = await client.get(f"{API}/segments/s", headers={"If-None-Match": given})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["etag"] == etag


@each(*(operation for operation in operations() if operation.method == "GET"))
async def test_the_document_tells_which_answers_need_not_be_sent_again(
    ours: Furnished, operation: Operation
) -> None:
    names = await names_of(ours, operation)
    known = {"If-None-Match": "*"}
    answer = await ours.ask(operation, names, ours.site.secret_key, **known)
    assert (answer.status_code == 304) == ("304" in operation.told["responses"]), answer.text


async def test_who_has_what_was_there_before_is_sent_what_is_there_now(admin: AdminFactory) -> None:
    client = await admin()
    etag = (await made(client, "segments", SEGMENT)).headers["etag"]
    change = {"condition": {"traits.a": 1}}
    await client.patch(f"{API}/segments/s", json=change, headers={"If-Match": etag})
    response = await client.get(f"{API}/segments/s", headers={"If-None-Match": etag})
    assert response.json() == {**SEGMENT, **change}


async def test_the_draft_is_not_sent_again_either(admin: AdminFactory) -> None:
    client = await admin()
    etag = (await replace(client, rules("a"))).headers["etag"]
    response = await client.get(CONFIG_URL, headers={"If-None-Match": etag, "Accept": "application/yaml"})
    assert (response.status_code, response.headers["vary"]) == (304, "Accept")


async def test_what_has_no_body_has_no_type_of_one(admin: AdminFactory) -> None:
    client = await admin()
    await made(client, "segments", SEGMENT)
    response = await client.delete(f"{API}/segments/s", headers={"If-Match": "*"})
    assert response.status_code == 204
    assert "content-type" not in response.headers


async def test_a_key_that_stands_twice_loses_nobody_a_condition(admin: AdminFactory) -> None:
    client = await admin()
    content = b'{"condition": {"traits.age": {"$gte": 18}, "traits.age": {"$lt": 65}}}'
    response = await client.put(
        f"{API}/segments/s", content=content, headers={"Content-Type": "application/json"}
    )
    assert pointers(response) == ["/condition/traits.age"]


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("placements", {"variants": [{"key": "a"}, {"key": "b"}, {"key": "a"}]}, "/variants/2/key"),
        ("journeys", {"stages": [{"key": "a"}, {"key": "a"}]}, "/stages/1/key"),
        ("experiments", {"arms": [{"key": "a"}, {"key": "a"}]}, "/arms/1/key"),
    ],
)
async def test_two_with_the_same_key_cannot_be_told_apart(
    admin: AdminFactory, path: str, body: dict[str, Any], pointer: str
) -> None:
    client = await admin()
    assert pointers(await client.put(f"{API}/{path}/x", json=body)) == [pointer]
    document = {path: [{"key": "x", **body}]}
    response = await client.put(CONFIG_URL, json=document, headers={"If-Match": "*"})
    assert pointers(response) == [f"/{path}/0{pointer}"]


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else 1


def grouped(levels: int) -> dict[str, Any]:
    return {"$and": [grouped(levels - 1)]} if levels else {"traits.a": 1}


async def test_what_was_put_alone_can_be_put_with_all_the_others(admin: AdminFactory) -> None:
    client, other = await admin(), await admin()
    variant = {"key": "v", "locales": {"de": nested(64)}}
    rule = {"placements": ["p"], "deliver": {"variant": "v"}, "audience": {"condition": grouped(32)}}
    await made(client, "placements", {"key": "p", "variants": [variant]})
    await made(client, "rules", {"key": "r", **rule})
    document = await document_of(client)
    await replace(other, document)
    assert await document_of(other) == document


async def test_what_is_too_deep_is_told_where_it_stands(admin: AdminFactory) -> None:
    client = await admin()
    deep = await client.put(f"{API}/segments/s", json={"condition": grouped(33)})
    (error,) = said(deep, 422)["errors"]
    assert error["pointer"].startswith("/condition/$and/0/$and/0")
    content = await client.put(
        f"{API}/placements/p", json={"variants": [{"key": "v", "content": nested(65)}]}
    )
    assert pointers(content) == ["/variants/0/content"]
