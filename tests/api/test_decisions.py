"""`GET /api/v1/decisions/{decision_id}`: a logged decision, told again."""

import uuid
from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import insert

from app.admin.sites.service import NewSite
from app.decision.inputs import Basis, encode_basis
from app.engine.profile import Profile
from app.engine.visitor import Standing
from app.kit.clock import instant_of, ms_of
from app.kit.ids import id_at, new_id
from app.storage.postgres import Postgres
from app.storage.tables import assignments, decisions
from app.web.keyring import Role
from tests.api.answers import publish, said
from tests.api.conftest import AdminFactory
from tests.builders import NOW, delivering, document, experiment, journey, rule, segment
from tests.sites import SiteFactory

AT = NOW + timedelta(microseconds=1_500)
SITE: Mapping[str, Any] = document(
    segments=[segment("vip", {"traits.vip": True})],
    journeys=[journey("new", "known")],
    experiments=[experiment()],
    rules=[
        rule("capped", priority=900, cap={"count": 1}),
        delivering("hero-copy", audience={"segments": ["vip"]}),
    ],
)
VIP = Profile(traits={"vip": True})


def basis(**fields: Any) -> Basis:
    """What a decision for a known user was taken on, the capped rule being refused."""
    asked: dict[str, Any] = {
        "standing": Standing(visitor="v-1", user="u-1"),
        "profile": VIP,
        "context": {"timezone": "Asia/Tokyo"},
        "placements": ("home.hero", "nowhere"),
        "refused": frozenset({"capped"}),
        "now": AT,
    }
    return Basis(**{**asked, **fields})


async def keep(postgres: Postgres, site: int, asked: bytes, revision: int = 1) -> str:
    """Store a decision, as shipping does; gives its id."""
    decision_id = id_at(AT)
    row = {"site_id": site, "id": uuid.UUID(decision_id), "visitor": "$user:u-1", "revision": revision}
    async with postgres.engine.begin() as connection:
        await connection.execute(insert(decisions).values(**row, asked=asked, at=instant_of(ms_of(AT))))
    return decision_id


async def keep_arm(postgres: Postgres, site: int, decision_id: str, arm: str) -> None:
    """Store an assignment of a decision."""
    taken = {"experiment": "hero-copy", "unit": "v-1", "visitor": "$user:u-1", "arm": arm, "phase": 1}
    known = {"revision": 1, "first": True, "stages": {}, "segments": ["vip"], "at": instant_of(ms_of(AT))}
    row = {"site_id": site, "decision_id": uuid.UUID(decision_id), **taken, **known}
    async with postgres.engine.begin() as connection:
        await connection.execute(insert(assignments).values(**row))


@pytest.fixture
async def site(new_site: SiteFactory) -> NewSite:
    return await new_site()


@pytest.fixture
async def client(admin: AdminFactory, site: NewSite) -> AsyncClient:
    """An admin of a site with one revision."""
    opened = await admin(site=site)
    await publish(opened, dict(SITE))
    return opened


async def told(client: AsyncClient, decision_id: str) -> dict[str, Any]:
    response = await client.get(f"/api/v1/decisions/{decision_id}")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    answered: dict[str, Any] = response.json()
    return answered


async def test_a_logged_decision_is_told_again(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    decision_id = await keep(postgres, site.site_id, encode_basis(basis()))

    again = await told(client, decision_id)

    assert (again["decision_id"], again["revision"]) == (decision_id, 1)
    assert again["at"] == AT.astimezone(UTC).isoformat().replace("+00:00", "Z")
    assert again["visitor"] == {
        "id": "v-1",
        "user_id": "u-1",
        "stage": "new",
        "stages": {"purchase": "new"},
        "segments": ["vip"],
    }
    hero = again["placements"]["home.hero"]
    assert (hero["reason"], hero["rule"], hero["experiment"]) == (
        "experiment",
        "hero-copy-rule",
        "hero-copy",
    )
    assert hero["trace"] == [
        {"rule": "capped", "lacked": ["cap"]},
        {"rule": "hero-copy-rule", "lacked": []},
    ]
    assert again["placements"]["nowhere"] == {
        "variant": None,
        "content": None,
        "reason": "unknown_placement",
        "rule": None,
        "experiment": None,
        "arm": None,
        "trace": [],
    }
    assert [taken["arm"] for taken in again["assignments"]] == [hero["arm"]]


async def test_what_was_logged_stands_beside_what_is_told(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    decision_id = await keep(postgres, site.site_id, encode_basis(basis()))
    assert (await told(client, decision_id))["logged"] == []
    arm = (await told(client, decision_id))["placements"]["home.hero"]["arm"]
    await keep_arm(postgres, site.site_id, decision_id, arm)

    again = await told(client, decision_id)

    stored = {"experiment": "hero-copy", "arm": arm, "phase": 1, "unit": "v-1", "first": True}
    assert again["logged"] == [stored]
    assert again["logged"] == [{**taken, "unit": "v-1"} for taken in again["assignments"]]


async def test_a_later_publish_does_not_change_the_story(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    decision_id = await keep(postgres, site.site_id, encode_basis(basis()))
    before = await told(client, decision_id)

    await publish(client, document())

    assert await told(client, decision_id) == before


async def test_a_decision_is_told_to_viewers_of_its_own_site_alone(
    admin: AdminFactory, client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    decision_id = await keep(postgres, site.site_id, encode_basis(basis()))
    viewer, stranger = await admin(Role.VIEWER, site), await admin()

    assert (await told(viewer, decision_id))["decision_id"] == decision_id
    said(await stranger.get(f"/api/v1/decisions/{decision_id}"), 404)
    said(await client.get(f"/api/v1/decisions/{decision_id}", headers={"Authorization": ""}), 401)


@pytest.mark.parametrize(
    "decision_id",
    [
        pytest.param(new_id(), id="new"),
        "garbage",
        "%00",
        pytest.param(str(uuid.uuid4()), id="uuid4"),
        "00000000-0000-7000-8000-000000000000",
        "ffffffff-ffff-7fff-bfff-ffffffffffff",
    ],
)
async def test_an_id_of_no_kept_decision_is_a_404(client: AsyncClient, decision_id: str) -> None:
    assert "no decision" in said(await client.get(f"/api/v1/decisions/{decision_id}"), 404)["detail"]


@pytest.mark.parametrize("asked", [b"", b"{}", b"\xff"])
async def test_what_another_version_wrote_is_a_conflict_that_says_so(
    client: AsyncClient, site: NewSite, postgres: Postgres, asked: bytes
) -> None:
    decision_id = await keep(postgres, site.site_id, asked)

    assert "another version" in said(await client.get(f"/api/v1/decisions/{decision_id}"), 409)["detail"]


async def test_a_revision_that_no_longer_compiles_is_a_conflict_too(
    client: AsyncClient, site: NewSite, postgres: Postgres
) -> None:
    async with postgres.pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO revisions (site_id, number, document, author, comment) VALUES ($1, 2, $2, '', '')",
            site.site_id,
            '{"rules": 5}',
        )
    decision_id = await keep(postgres, site.site_id, encode_basis(basis()), revision=2)

    assert "/rules" in said(await client.get(f"/api/v1/decisions/{decision_id}"), 409)["detail"]
