"""Whoever has a key of one site finds nothing there of another, and changes nothing of it."""

from tests.api.apart import nobodys, said, told_of, untouched
from tests.api.furnished import Furnished
from tests.api.named import KINDS, body_of, names_of
from tests.api.operations import Operation, each, operations

# What is put or erased under a name is a site's own, whatever another one calls so. Who says `If-Match` of
# what is not there is told by 412 that it does not match (RFC 9110, 13.1.1).
OWN = {
    **{f"PUT /api/v1/{kind}/{{key}}": 412 for kind in KINDS},
    "PATCH /api/v1/profiles/{visitor}": 204,
    "DELETE /api/v1/profiles/{visitor}": 204,
}


@each(*(operation for operation in operations() if operation.named))
async def test_what_another_site_has_is_answered_like_what_nobody_has(
    ours: Furnished, theirs: Furnished, operation: Operation
) -> None:
    names = await names_of(theirs, operation)
    nowhere = {name: nobodys(value) for name, value in names.items()}
    await ours.measured()
    async with untouched(theirs):
        answers = [
            await ours.ask(operation, asked, ours.site.secret_key, body_of(theirs, operation, asked))
            for asked in (names, nowhere)
        ]
    assert answers[0].status_code == OWN.get(operation.name, 404), answers[0].text
    assert said(answers[0], names) == said(answers[1], nowhere)


@each(*(operation for operation in operations() if not operation.named))
async def test_what_names_nothing_tells_nothing_of_another_site(
    ours: Furnished, theirs: Furnished, operation: Operation
) -> None:
    await ours.reset()
    async with untouched(theirs):
        answer = await ours.ask(operation, {}, ours.site.secret_key, body_of(ours, operation, {}))
    assert answer.status_code in operation.successes, answer.text
    assert await told_of(theirs, answer) == []


@each(*(operation for operation in operations() if operation.takes("cursor")))
async def test_a_cursor_of_another_site_leads_nowhere_in_it(
    ours: Furnished, theirs: Furnished, operation: Operation
) -> None:
    await theirs.reset()
    names = await names_of(theirs, operation)
    for one in operations():
        if one.path.rpartition("/")[0] == operation.path:
            await names_of(theirs, one)
    listed = await theirs.admin(
        "GET", operation.path.format(**names).removeprefix("/api/v1"), params={"limit": 1}
    )
    cursor = listed.json()["next_cursor"]
    assert cursor is not None
    own = operation.path.format(**await names_of(ours, operation)).removeprefix("/api/v1")
    answer = await ours.edge.client.get(f"/api/v1{own}", params={"cursor": cursor}, headers=ours.secret)
    assert answer.status_code in operation.successes
    assert await told_of(theirs, answer) == []


@each(*(operation for operation in operations() if operation.takes("idempotency-key")))
async def test_an_idempotency_key_of_another_site_is_another_one(
    ours: Furnished, theirs: Furnished, operation: Operation
) -> None:
    for site in (theirs, ours):
        await site.reset()
    names, own = await names_of(theirs, operation), await names_of(ours, operation)
    body, once = body_of(theirs, operation, {}), {"Idempotency-Key": theirs.fresh()}
    first = await theirs.ask(operation, names, theirs.site.secret_key, body, **once)
    assert first.is_success, first.text
    audit = await entries_of(ours)
    async with untouched(theirs):
        answer = await ours.ask(operation, own, ours.site.secret_key, body, **once)
    assert answer.status_code == first.status_code
    assert await entries_of(ours) > audit


async def entries_of(site: Furnished) -> int:
    query = "SELECT count(*) FROM audit WHERE site_id = $1"
    return int(await site.postgres.pool.fetchval(query, site.site.site_id))
