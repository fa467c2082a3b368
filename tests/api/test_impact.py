"""`POST /api/v1/revisions/impact`: what the draft would change for visitors who were here."""

import uuid
from datetime import timedelta

import pytest
from httpx import AsyncClient

from app.admin.impact import logged as reading
from app.admin.sites.service import NewSite
from app.kit import clock
from app.kit.ids import id_at
from app.storage.postgres import Postgres
from tests.api.answers import CONFIG_URL, publish, replace
from tests.api.conftest import AdminFactory
from tests.api.impact_site import AFTER, BEFORE, DRAFT, PUBLISHED
from tests.api.logged import keep, some_rows
from tests.api.runs import IMPACT_URL, impact_of, result_of
from tests.builders import segment
from tests.naive_replay import Row, flat, latest, naive_impact
from tests.sites import SiteFactory


@pytest.fixture
async def site(new_site: SiteFactory) -> NewSite:
    return await new_site()


@pytest.fixture
async def client(admin: AdminFactory, site: NewSite) -> AsyncClient:
    """An admin of a site with one revision and another draft."""
    opened = await admin(site=site)
    await publish(opened, dict(PUBLISHED))
    await replace(opened, dict(DRAFT))
    return opened


async def logged(postgres: Postgres, site: NewSite, visitors: int = 40, seed: int = 1) -> list[Row]:
    """Store decisions of some visitors, up to a second ago."""
    rows = some_rows(seed, visitors, clock.now() - timedelta(seconds=1), BEFORE)
    await keep(postgres, site.site_id, rows)
    return rows


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_counts_are_those_of_a_naive_replay(
    client: AsyncClient, site: NewSite, postgres: Postgres, seed: int
) -> None:
    rows = await logged(postgres, site, 300, seed)

    result = await result_of(client, postgres)

    naive = naive_impact(latest(rows, 10_000), BEFORE, AFTER)
    assert flat(result["total"], naive) == naive
    words = {key[0] for key in naive}
    assert words == {"visitors", "changed", "placement", "move", "rule", "arm", "stage", "segment"}
    kinds = {key[2] for key in naive if key[0] == "move"}
    assert kinds == {"gained", "lost", "other_variant", "other_content", "same_content"}


async def test_the_last_visitors_are_taken_and_each_by_the_latest_decision(
    client: AsyncClient, site: NewSite, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH", 7)
    rows = await logged(postgres, site)

    result = await result_of(client, postgres, visitors=25)

    naive = naive_impact(latest(rows, 25), BEFORE, AFTER)
    assert naive["visitors",] == 25
    assert flat(result["total"], naive) == naive
    assert 25 <= result["decisions"] < len(rows)


async def test_placements_can_be_named_and_decisions_on_others_are_passed_over(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    rows = await logged(postgres, site)

    result = await result_of(client, postgres, placements=["home.side"])

    naive = naive_impact(latest(rows, 10_000, ["home.side"]), BEFORE, AFTER, ["home.side"])
    assert flat(result["total"], naive) == naive
    assert [place["placement"] for place in result["total"]["placements"]] == ["home.side"]


async def test_revisions_can_be_compared_instead_of_the_draft(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    rows = await logged(postgres, site)
    assert (await publish(client, dict(DRAFT)))["number"] == 2

    back = await result_of(client, postgres, against=2, candidate=1)
    same = await result_of(client, postgres, against="published", candidate=2)

    naive = naive_impact(latest(rows, 10_000), AFTER, BEFORE)
    assert flat(back["total"], naive) == naive
    assert (back["against"], back["candidate"], back["draft_etag"]) == (2, 1, None)
    assert (same["total"]["changed"], same["total"]["rules"]) == (0, [])


async def test_the_result_says_of_which_draft_it_is(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    await logged(postgres, site, 3)

    result = await result_of(client, postgres)

    draft = await client.get(CONFIG_URL)
    assert (result["against"], result["candidate"]) == (1, None)
    assert result["draft_etag"] == draft.headers["ETag"]


async def test_examples_name_the_visitor_and_the_decision(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    rows = await logged(postgres, site)
    visitors = {str(row.id): row.visitor for row in rows}

    total = (await result_of(client, postgres))["total"]

    moves = [
        move
        for part in (*total["placements"], *total["experiments"], *total["journeys"])
        for move in part["moves"]
    ]
    examples = [
        example for listed in (*moves, *total["rules"], *total["segments"]) for example in listed["examples"]
    ]
    assert examples
    assert all(visitors[example["decision_id"]] == example["visitor"] for example in examples)
    assert all(1 <= len(move["examples"]) <= 3 for move in moves)


async def test_whoever_was_erased_since_is_no_example_any_more(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    await logged(postgres, site)
    told = await impact_of(client, postgres)
    stored = await postgres.pool.fetchval("SELECT result FROM runs WHERE id = $1", uuid.UUID(told["id"]))
    assert b"v-" not in stored.replace(b'"visitor":""', b"")

    await postgres.pool.execute("DELETE FROM decisions WHERE site_id = $1", site.site_id)

    again = (await client.get(f"{IMPACT_URL}/{told['id']}")).json()
    assert again["result"]["total"]["changed"] == told["result"]["total"]["changed"]
    assert all(not rule["examples"] for rule in again["result"]["total"]["rules"])


async def test_what_another_version_wrote_is_counted_and_passed_over(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    now = clock.now()
    broken = [
        Row(now, uuid.UUID(id_at(now)), f"v-{n}", asked) for n, asked in enumerate((b"{}", b"\xff", b""))
    ]
    await keep(postgres, site.site_id, broken)

    result = await result_of(client, postgres)

    assert (result["decisions"], result["unreadable"], result["total"]["visitors"]) == (3, 3, 0)


async def test_visitors_whose_profile_does_not_hold_what_is_asked_are_counted(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    rows = await logged(postgres, site)
    bases = latest(rows, 10_000)
    unknown = sum(bool(basis.profile.events) and basis.profile.asked == "another" for basis in bases)
    known = sum(bool(basis.profile.events) and basis.profile.asked != "another" for basis in bases)

    as_before = await result_of(client, postgres)
    asks_more = {**DRAFT, "segments": [*DRAFT["segments"], segment("buyers", {"events.bought.count": 1})]}
    await replace(client, asks_more)
    with_more = await result_of(client, postgres)

    assert as_before["approximate"] == unknown > 0
    assert with_more["approximate"] == unknown + known


async def test_few_visitors_who_come_all_the_time_are_not_read_for_ever(
    client: AsyncClient, site: NewSite, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "DECISIONS_PER_VISITOR", 3)
    monkeypatch.setattr(reading, "BATCH", 4)
    now = clock.now() - timedelta(seconds=1)
    one = some_rows(1, 1, now, BEFORE)[0]
    rows = [one._replace(id=uuid.UUID(id_at(now))) for _ in range(30)]
    await keep(postgres, site.site_id, rows)

    result = await result_of(client, postgres, visitors=5)

    assert (result["decisions"], result["total"]["visitors"]) == (15, 1)
