import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from app.admin.config.examples import CONFIG
from app.admin.findings import CODES
from app.admin.lint.check import check
from app.admin.lint.examples import LINT
from app.admin.lint.finding import Finding
from app.admin.lint.process import ProcessLinter
from app.admin.linting import DraftLint
from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.answers import CONFIG_URL, pointers, publish, replace, said
from tests.api.conftest import AdminFactory
from tests.builders import document, instant, journey, placement, rule
from tests.sites import SiteFactory

LINT_URL, PREVIEW_URL = "/api/v1/lint", "/api/v1/preview"
NOTHING: dict[str, Any] = {"findings": [], "unknown": [], "not_checked": []}

GERMANS = {"condition": {"context.country": "DE"}}
COVERED = document(rules=[rule("everybody", priority=600), rule("germans", priority=500, audience=GERMANS)])


async def lint(client: AsyncClient, **query: Any) -> dict[str, Any]:
    response = await client.get(LINT_URL, params=query)
    assert response.status_code == 200
    answered: dict[str, Any] = response.json()
    return answered


async def test_the_draft_is_looked_at(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, COVERED)

    [finding] = (await lint(client))["findings"]

    assert (finding["code"], finding["severity"]) == ("rule_never_reached", "warning")
    assert (finding["pointer"], finding["others"]) == ("/rules/1/placements/0", ["/rules/0"])
    assert "'germans'" in finding["message"]


async def test_a_viewer_may_look(admin: AdminFactory, new_site: SiteFactory) -> None:
    viewer = await admin(Role.VIEWER, await new_site())

    assert await lint(viewer) == NOTHING


async def test_a_sound_site_has_no_findings(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, CONFIG)

    assert await lint(client) == NOTHING


async def test_a_revision_is_looked_at_instead_of_the_draft(admin: AdminFactory) -> None:
    client = await admin()
    await publish(client, COVERED)
    await replace(client, document())

    assert [each["code"] for each in (await lint(client, revision=1))["findings"]] == ["rule_never_reached"]
    assert await lint(client) == NOTHING


async def test_a_revision_that_is_not_there_is_not_found(admin: AdminFactory) -> None:
    response = await (await admin()).get(LINT_URL, params={"revision": 7})

    assert said(response, 404)["detail"] == "there is no revision 7"


async def test_a_revision_of_another_site_is_not_found(admin: AdminFactory) -> None:
    await publish(await admin(), COVERED)

    said(await (await admin()).get(LINT_URL, params={"revision": 1}), 404)


@pytest.mark.parametrize("number", ["0", "x", str(2**31)])
async def test_what_is_no_number_of_a_revision_is_refused(admin: AdminFactory, number: str) -> None:
    response = await (await admin()).get(LINT_URL, params={"revision": number})

    assert pointers(response) == ["query:revision"]


async def test_a_draft_that_does_not_compile_names_what_is_wrong(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, document(rules=[rule("a", audience={"segments": ["nobody"]})]))

    assert pointers(await client.get(LINT_URL)) == ["/rules/0/audience/segments/0"]


async def test_without_a_key_nothing_is_told(admin: AdminFactory) -> None:
    client = await admin()

    assert (await client.get(LINT_URL, headers={"Authorization": ""})).status_code == 401


SHOWN = document(
    placements=[placement(), placement("home.banner")],
    journeys=[journey("new", {"key": "buyer", "when": {"events.order_completed.count_30d": {"$gte": 2}}})],
    rules=[
        rule(
            "bikes",
            priority=9,
            theme="winter",
            audience={"condition": {"context.url.path": {"$regex": "^/b"}}},
        ),
        rule(
            "mail",
            placements=["home.banner"],
            theme="summer",
            audience={
                "stages": ["buyer"],
                "condition": {
                    "traits.plan.tier": "gold",
                    "context.utm.source": "mail & more",
                    "context.attributes.cart": {"$gt": 20.5},
                    "context.referrer.host": "news.example",
                    "profile.is_new": False,
                },
            },
        ),
    ],
)


async def test_an_example_shows_at_the_preview_what_the_finding_says(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, SHOWN)
    [finding] = (await lint(client))["findings"]

    response = await client.post(PREVIEW_URL, json=finding["example"])

    assert finding["code"] == "theme_conflict"
    shown = {key: each["rule"] for key, each in response.json()["placements"].items()}
    assert shown == {"home.hero": "bikes", "home.banner": "mail"}


CORPUS = sorted((Path(__file__).parents[1] / "lint" / "faulty").glob("*.json"))
# What these say is not that a visitor sees this or that.
NOT_SHOWN = {
    "rule_out_of_date",
    "segment_unused",
    "stage_never_holds",
    "priority_tie",
    "arm_misses_placement",
}


async def test_every_example_of_the_corpus_shows_it_at_the_preview(admin: AdminFactory) -> None:
    client = await admin()
    shown = 0
    for path in CORPUS:
        case = json.loads(path.read_text())
        report = check(case["document"], instant(case["now"]), within_s=600)
        with_example = [each for each in report.findings if each.example and each.code not in NOT_SHOWN]
        for finding in with_example:
            await replace(client, case["document"])
            response = await client.post(PREVIEW_URL, json=finding.example)
            assert response.status_code == 200, (path.stem, response.text)
            if not finding.message.endswith("used up"):
                assert is_shown(case["document"], finding, response.json()), path.stem
                shown += 1
    assert shown > 30


def is_shown(site: dict[str, Any], finding: Finding, answered: dict[str, Any]) -> bool:
    kinds = [pointer.split("/")[1] for pointer in (finding.pointer, *finding.others)]
    parts = [pointer.split("/")[2] for pointer in (finding.pointer, *finding.others)]
    keys = {site[kind][int(part)]["key"] for kind, part in zip(kinds, parts, strict=True)}
    seen = {each["rule"] for each in answered["placements"].values()}
    if finding.code.startswith("segment"):
        return keys <= set(answered["visitor"]["segments"])
    if finding.code == "placement_without_fallback":
        return all(each["variant"] is None for each in answered["placements"].values())
    if finding.code == "theme_conflict":
        return seen == keys
    [first] = [site["rules"][int(parts[0])]["key"]]
    return seen <= keys - {first}


async def test_publishing_answers_what_was_found(admin: AdminFactory) -> None:
    published = await publish(await admin(), COVERED)

    assert [finding["pointer"] for finding in published["lint"]["findings"]] == ["/rules/1/placements/0"]
    assert published["lint"]["not_checked"] == []


async def test_a_draft_that_changed_meanwhile_is_not_said_to_be_checked(
    admin: AdminFactory, new_site: SiteFactory, postgres: Postgres, linter: ProcessLinter
) -> None:
    site = await new_site()
    client = await admin(site=site)
    await replace(client, COVERED)
    async with postgres.engine.begin() as connection:
        seen = await DraftLint(linter).look(connection, site.site_id)
        assert (await seen.still(connection, site.site_id)).findings

        await replace(client, document())

        assert (await seen.still(connection, site.site_id)).not_checked == list(CODES)


async def test_what_does_not_compile_is_not_checked_when_it_is_published(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, document(rules=[rule("a", audience={"segments": ["nobody"]})]))

    response = await client.post("/api/v1/revisions", json={})

    assert pointers(response) == ["/rules/0/audience/segments/0"]


async def test_two_look_at_once_and_each_gets_its_own(admin: AdminFactory) -> None:
    one, other = await admin(), await admin()
    await replace(one, COVERED)

    first, second = await asyncio.gather(lint(one), lint(other))

    assert ([each["code"] for each in first["findings"]], second) == (["rule_never_reached"], NOTHING)


async def test_the_example_in_the_document_is_what_a_site_like_it_gets(admin: AdminFactory) -> None:
    client = await admin()
    rules = [rule("everybody", priority=600), rule("germans", audience=GERMANS)]
    await client.put(CONFIG_URL, json=document(rules=rules), headers={"If-None-Match": "*"})

    answered = await lint(client)

    answered["findings"][0]["example"]["at"] = LINT["findings"][0]["example"]["at"]
    assert answered == LINT
