"""What bodies and queries name of another site is answered like what nobody has."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
import pytest_asyncio

from tests.api.apart import nobodys, said, untouched
from tests.api.furnished import API, Furnished
from tests.api.named import names_of
from tests.api.operations import operations

# Operations whose paths name what is there, and what of the document is named besides.
PATHS = (
    "GET /api/v1/placements/{placement}/variants/{key}",
    "POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/resend",
    "GET /api/v1/revisions/{number}",
    "GET /api/v1/keys/{key_id}",
    "GET /api/v1/decisions/{decision_id}",
    "DELETE /api/v1/profiles/{visitor}/identity/{user_id}",
)
KEYS = {
    "placement": "hero",
    "plain": "side",
    "segment": "gold",
    "experiment": "copy",
    "metric": "bought",
    "rule": "other",
    "journey": "a",
}
# What may be asked whatever there is.
FOUND_NOTHING = {
    "a segment that overlaps",
    "placements to preview",
    "an actor of the audit",
    "a target of the audit",
    "a text to look for",
}
Names: TypeAlias = dict[str, str]
# Who asks, by which method, where, with what.
Asked: TypeAlias = tuple[str, str, Any]

# Each by what is named there; `our_` are names of the site that is asked.
CASES: dict[str, Callable[[Names], Asked]] = {
    "a revision to lint": lambda n: ("GET", f"/lint?revision={n['number']}", None),
    "a revision to compare with": lambda n: ("GET", f"/revisions/1/diff?against={n['number']}", None),
    "a revision to preview": lambda n: ("POST", "/preview-links", {"revision": int(n["number"])}),
    "a revision to replay": lambda n: ("POST", "/revisions/impact", {"candidate": int(n["number"])}),
    "a revision to replay against": lambda n: ("POST", "/revisions/impact", {"against": int(n["number"])}),
    "placements to replay": lambda n: ("POST", "/revisions/impact", {"placements": [n["placement"]]}),
    "placements to preview": lambda n: (
        "POST",
        "/preview",
        {"placements": [n["placement"]], "visitor": {"id": "v"}},
    ),
    "a journey to preview": lambda n: (
        "POST",
        "/preview",
        {"placements": [n["our_placement"]], "stages": {n["journey"]: "new"}},
    ),
    "an arm to force": lambda n: ("POST", "/preview-links", {"arms": {n["experiment"]: "treatment"}}),
    "a segment to force": lambda n: ("POST", "/preview-links", {"segments": {"add": [n["segment"]]}}),
    "a journey to force": lambda n: ("POST", "/preview-links", {"stages": {n["journey"]: "new"}}),
    "a metric to plan by": lambda n: (
        "POST",
        "/experiments/plan",
        {"metric": n["metric"], "placements": [n["our_placement"]], "effect": 0.1},
    ),
    "placements to plan on": lambda n: (
        "POST",
        "/experiments/plan",
        {"metric": n["our_metric"], "placements": [n["placement"]], "effect": 0.1, "mean": 0.1},
    ),
    "a segment that overlaps": lambda n: ("GET", f"/segment-overlap?segment={n['segment']}", None),
    "an actor of the audit": lambda n: ("GET", f"/audit?actor={n['key_id']}", None),
    "a target of the audit": lambda n: ("GET", f"/audit?target=rules/{n['rule']}", None),
    "a text to look for": lambda n: ("GET", f"/rules?q={n['rule']}", None),
    "a variant in our placement": lambda n: (
        "PATCH",
        f"/placements/{n['our_placement']}/variants/{n['variant']}",
        {"content": 1},
    ),
    "a delivery of our webhook": lambda n: (
        "POST",
        f"/webhooks/{n['our_webhook_id']}/deliveries/{n['delivery_id']}/resend",
        None,
    ),
    "a user of our visitor": lambda n: (
        "DELETE",
        f"/profiles/{n['our_visitor']}/identity/{n['user_id']}",
        None,
    ),
    "a visitor of our user": lambda n: (
        "DELETE",
        f"/profiles/{n['visitor']}/identity/{n['our_user_id']}",
        None,
    ),
}


# The same of pages and servers, which ask for decisions and send events.
OF_PAGES: dict[str, Callable[[Names], tuple[str, Any]]] = {
    "placements": lambda n: ("/decide", {"visitor": {"id": "v"}, "placements": [n["placement"]]}),
    "a visitor": lambda n: ("/decide", {"visitor": {"id": n["golden"]}, "placements": [n["our_plain"]]}),
    "a user": lambda n: (
        "/decide",
        {"visitor": {"id": n["user_id"], "user_id": n["user_id"]}, "placements": [n["our_plain"]]},
    ),
    "a preview": lambda n: (
        "/decide",
        {"visitor": {"id": "v"}, "placements": [n["our_plain"]], "preview": n["token"]},
    ),
    "an event": lambda n: (
        "/events",
        {"visitor": {"id": "v"}, "events": [{"id": n["event"], "name": "viewed"}]},
    ),
    "a decision": lambda n: (
        "/events",
        {
            "visitor": {"id": "v"},
            "events": [
                {
                    "name": "$exposure",
                    "properties": {"decision_id": n["decision_id"], "placement": n["placement"]},
                }
            ],
        },
    ),
}


@pytest_asyncio.fixture(scope="module")
async def names(ours: Furnished, theirs: Furnished) -> Names:
    """What there is to name at the other site, and what of ours stands beside it."""
    their, our = await names_on(theirs), await names_on(ours)
    return {**their, **{f"our_{name}": value for name, value in our.items()}}


async def names_on(site: Furnished) -> Names:
    await site.reset()
    await site.measured()
    link = await site.admin("POST", "/preview-links", json={})
    made: Names = {"token": link.json()["token"], "golden": site.visitor, "event": site.fresh()}
    assert (await site.send({"id": made["event"], "name": "viewed"})).is_success
    for operation in operations():
        if operation.name in PATHS:
            made |= await names_of(site, operation)
    return made | {"variant": made["key"]} | {name: f"{site.mark}-{key}" for name, key in KEYS.items()}


def nowhere(names: Names) -> Names:
    """Take names that nobody has for all that the other site has."""
    return {name: value if name.startswith("our_") else nobodys(value) for name, value in names.items()}


@pytest.mark.parametrize("case", CASES)
async def test_an_admin_finds_nothing_by_it(
    ours: Furnished, theirs: Furnished, names: Names, case: str
) -> None:
    answers = []
    async with untouched(theirs):
        for known in (names, nowhere(names)):
            method, path, body = CASES[case](known)
            headers = {**ours.secret, "If-Match": "*"}
            sent = {} if body is None else {"json": body}
            answer = await ours.edge.client.request(method, API + path, headers=headers, **sent)
            answers.append(said(answer, known))
    assert answers[0] == answers[1]
    assert answers[0][0] in ({200} if case in FOUND_NOTHING else {404, 422})


@pytest.mark.parametrize("case", OF_PAGES)
@pytest.mark.parametrize("kind", ["public", "secret"])
async def test_a_page_and_a_server_find_nothing_by_it(
    ours: Furnished, theirs: Furnished, names: Names, case: str, kind: str
) -> None:
    headers = ours.public if kind == "public" else ours.secret
    answers = []
    async with untouched(theirs):
        for known in (names, nowhere(names)):
            path, body = OF_PAGES[case](known)
            answers.append(said(await ours.edge.client.post(path, json=body, headers=headers), known))
        # What is sent later is stored later: when this is there, so is all before.
        await ours.send({"name": "viewed"}, visitor={"id": (last := ours.fresh())})
        await ours.stored(last)
    assert answers[0] == answers[1]
    assert answers[0][0] in {200, 202}
