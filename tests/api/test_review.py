"""A second pair of eyes, where a site wants one."""

from datetime import timedelta

import pytest
from httpx import AsyncClient

from app.admin.sites.service import NewSite
from app.kit.clock import now
from app.storage.postgres import Postgres
from app.web.keyring import Role
from tests.api.answers import CONFIG_URL, REVISIONS_URL, publish, replace, said
from tests.api.conftest import AdminFactory, Use
from tests.api.keys import make, rotate
from tests.api.scheduling import become_of, is_due, publish_due, schedule
from tests.sites import SiteFactory

REVIEWED = {"site": {"review_required": True}}
OTHERWISE = {"site": {"review_required": True, "timezone": "Europe/Paris"}}


@pytest.fixture
async def site(new_site: SiteFactory) -> NewSite:
    return await new_site()


@pytest.fixture
async def author(admin: AdminFactory, site: NewSite) -> AsyncClient:
    return await admin(Role.ADMIN, site)


@pytest.fixture
async def reviewer(admin: AdminFactory, site: NewSite) -> AsyncClient:
    return await admin(Role.PUBLISHER, site)


async def publishes(client: AsyncClient) -> int:
    return (await client.post(REVISIONS_URL, json={})).status_code


async def schedules(client: AsyncClient) -> int:
    body = {"publish_at": (now() + timedelta(days=1)).isoformat()}
    return (await client.post(REVISIONS_URL, json=body)).status_code


async def test_who_changed_the_draft_does_not_publish_it(author: AsyncClient, reviewer: AsyncClient) -> None:
    await replace(author, REVIEWED)
    assert (await publishes(author), await schedules(author)) == (403, 403)
    assert await publishes(reviewer) == 201
    # All that was changed is published, so that there is nothing left to review.
    assert await publishes(author) == 201


async def test_the_refusal_names_who_could(author: AsyncClient, reviewer: AsyncClient) -> None:
    await replace(author, REVIEWED)
    told = said(await author.post(REVISIONS_URL, json={}), 403)["detail"]
    assert told.endswith("these keys may: first secret key, the publisher")
    await replace(reviewer, OTHERWISE)
    assert said(await reviewer.post(REVISIONS_URL, json={}), 403)["detail"].endswith("may: first secret key")


async def test_where_nobody_else_could_it_says_so(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, REVIEWED)
    told = said(await client.post(REVISIONS_URL, json={}), 403)["detail"]
    assert told.endswith("no other key of this site may publish")


async def test_every_author_counts_not_only_the_latest(author: AsyncClient, reviewer: AsyncClient) -> None:
    await replace(author, REVIEWED)
    await replace(reviewer, OTHERWISE)
    assert (await publishes(author), await publishes(reviewer)) == (403, 403)


async def test_who_put_the_same_again_has_changed_nothing(author: AsyncClient, reviewer: AsyncClient) -> None:
    await replace(author, REVIEWED)
    await replace(reviewer, REVIEWED)
    assert await publishes(reviewer) == 201


async def test_nobody_switches_the_review_off_alone(author: AsyncClient, reviewer: AsyncClient) -> None:
    await replace(author, REVIEWED)
    assert await publishes(reviewer) == 201
    await replace(author, {})
    assert await publishes(author) == 403
    assert await publishes(reviewer) == 201
    await publish(author, {"site": {"timezone": "UTC"}})


async def test_restoring_is_a_change_too(author: AsyncClient, reviewer: AsyncClient) -> None:
    await replace(author, REVIEWED)
    assert await publishes(reviewer) == 201
    await replace(author, OTHERWISE)
    await author.post(f"{REVISIONS_URL}/1/restore", headers={"If-Match": "*"})
    assert await publishes(author) == 403


@pytest.mark.parametrize("which", range(3))
async def test_a_key_and_those_it_was_rotated_to_and_from_are_of_one_person(
    admin: AdminFactory, reviewer: AsyncClient, site: NewSite, use: Use, which: int
) -> None:
    boss = await admin(site=site)
    keys = [await make(boss, role="publisher", name="rotated")]
    keys += [(await rotate(boss, keys[0], overlap_s=3600)).json()]
    keys += [(await rotate(boss, keys[1], overlap_s=3600)).json()]
    await use(keys[0]["key"])
    by = [{"Authorization": f"Bearer {key['key']}"} for key in keys]
    assert (await boss.put(CONFIG_URL, json=REVIEWED, headers=by[which])).status_code == 200
    refused = [said(await boss.post(REVISIONS_URL, json={}, headers=each), 403) for each in by]
    assert {each["detail"].partition("; ")[2] for each in refused} == {
        "these keys may: first secret key, the publisher"
    }
    assert await publishes(reviewer) == 201


async def test_without_a_review_the_author_publishes(author: AsyncClient) -> None:
    await publish(author, {"site": {"review_required": False}})
    await publish(author, {})


async def test_what_a_schedule_publishes_is_reviewed_and_what_came_after_is_not(
    author: AsyncClient, reviewer: AsyncClient, site: NewSite, admin: AdminFactory, postgres: Postgres
) -> None:
    late = await admin(Role.ADMIN, site)
    await replace(author, REVIEWED)
    response = await reviewer.post(
        REVISIONS_URL, json={"publish_at": (now() + timedelta(days=1)).isoformat()}
    )
    await replace(late, OTHERWISE)
    assert await publishes(author) == 403
    await is_due(postgres, response.json())
    await publish_due(postgres)
    assert await publishes(late) == 403
    assert await publishes(author) == 201


async def test_a_review_that_is_wanted_by_then_is_wanted_of_schedules_too(
    author: AsyncClient, reviewer: AsyncClient, postgres: Postgres
) -> None:
    made = await schedule(author, {"holdout": {"percent": 5}})
    await replace(author, {**REVIEWED, "holdout": {"percent": 5}})
    assert await publishes(reviewer) == 201
    await is_due(postgres, made)
    await publish_due(postgres)
    became = await become_of(author, made)
    assert became["status"] == "failed"
    assert "the site wants a review" in became["errors"][0]["message"]
