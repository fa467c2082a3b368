"""`POST` and `DELETE /api/v1/preview-links`."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from httpx import AsyncClient

from app.admin.preview_links.schemas import PreviewLinkRequest
from app.admin.preview_links.service import make_link
from app.kit.clock import now
from app.rulesets.live import LiveRulesets
from app.rulesets.others import OtherRulesets
from app.rulesets.previewed import PreviewedRulesets
from app.storage.postgres import Postgres
from app.web.keyring import Caller, Role
from app.web.preview_token import read_token
from app.web.problems import UnavailableError
from tests.api.answers import pointers, replace, said
from tests.api.conftest import AdminFactory
from tests.api.previewing import PAGE, SITE, URL
from tests.builders import document, rule, segment
from tests.fakes import AwayPool
from tests.sites import SiteFactory


@pytest_asyncio.fixture
async def client(admin: AdminFactory) -> AsyncClient:
    """An admin of a site with a draft."""
    opened = await admin()
    await replace(opened, document(**SITE))
    return opened


async def link(client: AsyncClient, **body: Any) -> dict[str, Any]:
    response = await client.post(URL, json=body)
    assert response.status_code == 201
    answered: dict[str, Any] = response.json()
    return answered


async def test_a_link_lasts_a_day_unless_something_else_is_said(client: AsyncClient) -> None:
    def lasts(made: dict[str, Any]) -> timedelta:
        return datetime.fromisoformat(made["expires_at"]) - now()

    assert abs(lasts(await link(client)) - timedelta(days=1)) < timedelta(minutes=1)
    assert abs(lasts(await link(client, expires_in_s=60)) - timedelta(minutes=1)) < timedelta(minutes=1)
    at = (now() + timedelta(days=29)).isoformat()
    assert abs(lasts(await link(client, expires_at=at)) - timedelta(days=29)) < timedelta(minutes=1)


async def test_the_end_of_a_link_is_told_in_utc(client: AsyncClient) -> None:
    end = (now() + timedelta(days=1)).replace(microsecond=0)
    made = await link(client, expires_at=end.astimezone(timezone(timedelta(hours=5))).isoformat())
    assert made["expires_at"] == end.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("url", "opened"),
    [
        ("https://shop.example", "https://shop.example?signpost_preview={}"),
        ("https://shop.example/a?b=1&c#d?e", "https://shop.example/a?b=1&c&signpost_preview={}#d?e"),
        (
            "http://localhost:3000/?signpost_preview=old&a=%20b",
            "http://localhost:3000/?a=%20b&signpost_preview={}",
        ),
    ],
)
async def test_the_address_of_a_page_is_answered_with_the_token(
    client: AsyncClient, url: str, opened: str
) -> None:
    made = await link(client, url=url)

    assert made["url"] == opened.format(made["token"])
    assert parse_qs(urlsplit(made["url"]).query)["signpost_preview"] == [made["token"]]
    assert (await link(client))["url"] is None


async def test_a_token_says_all_that_was_asked(client: AsyncClient, postgres: Postgres) -> None:
    made = await link(
        client,
        arms={"hero-copy": "treatment"},
        stage="known",
        segments={"add": ["viewed"]},
        at="2026-11-27T09:00:00Z",
    )

    secrets = await postgres.pool.fetch("SELECT preview_secret FROM sites")
    [read] = [found for row in secrets if (found := read_token(made["token"], row[0], now()))]
    assert (read.revision, read.at) == (None, datetime(2026, 11, 27, 9, tzinfo=UTC))
    assert (read.forced.stages, read.forced.segments) == ({"purchase": "known"}, {"viewed": True})
    assert read.forced.arms == {"hero-copy": "treatment", "$holdout": "personalized"}


@pytest.mark.parametrize(
    ("wrong", "places"),
    [
        ({"arms": {"hero-copi": "treatment"}}, ["/arms/hero-copi"]),
        ({"arms": {"hero-copy": "treatmnt"}}, ["/arms/hero-copy"]),
        ({"arms": {"$holdout": "neither"}}, ["/arms/$holdout"]),
        ({"stage": "nowhere"}, ["/stage"]),
        ({"stages": {"purchase": "nowhere", "x": "y"}}, ["/stages/purchase", "/stages/x"]),
        ({"segments": {"add": ["nobody"]}}, ["/segments/add/0"]),
        ({"segments": {"remove": ["viewed", "nobody"]}}, ["/segments/remove/1"]),
        ({"segments": {"only": ["nobody"]}}, ["/segments/only/0"]),
        ({"segments": {"only": [], "add": ["viewed"]}}, ["/segments/only"]),
        ({"segments": {"add": ["viewed"], "remove": ["viewed"]}}, ["/segments/remove/0"]),
        ({"segments": ["viewed"]}, ["/segments"]),
        ({"revision": 7}, ["/revision"]),
        ({"revision": "published"}, ["/revision"]),
        ({"revision": True}, ["/revision"]),
        ({"revision": 0}, ["/revision"]),
        ({"at": "tomorrow"}, ["/at"]),
        ({"expires_in_s": 0}, ["/expires_in_s"]),
        ({"expires_in_s": 30 * 86_400 + 1}, ["/expires_in_s"]),
        ({"expires_at": "2020-01-01T00:00:00Z"}, ["/expires_at"]),
        ({"expires_at": "2199-01-01T00:00:00Z"}, ["/expires_at"]),
        ({"expires_at": "2199-01-01T00:00:00Z", "expires_in_s": 5}, ["/expires_in_s"]),
        ({"url": "javascript:alert(1)"}, ["/url"]),
        ({"url": "https://me@shop.example/"}, ["/url"]),
        ({"url": "/bikes"}, ["/url"]),
        ({"colour": "red"}, ["/colour"]),
        ([], [""]),
    ],
)
async def test_what_cannot_be_is_refused_at_its_place(
    client: AsyncClient, wrong: Any, places: list[str]
) -> None:
    assert pointers(await client.post(URL, json=wrong)) == places


async def test_a_refusal_says_what_would_be_right(client: AsyncClient) -> None:
    response = await client.post(URL, json={"arms": {"hero-copi": "x"}, "segments": {"add": ["viewd"]}})

    assert [error["message"] for error in said(response, 422)["errors"]] == [
        "there is no experiment 'hero-copi'; did you mean hero-copy?",
        "there is no segment 'viewd'; did you mean viewed?",
    ]


async def test_a_link_that_would_be_too_long_is_refused(admin: AdminFactory) -> None:
    client = await admin()
    many = [segment(f"{number:03}-{'x' * 60}", {}) for number in range(100)]
    await replace(client, document(segments=many))

    refused = await client.post(URL, json={"segments": {"only": [one["key"] for one in many]}})

    assert pointers(refused) == [""]


async def test_a_draft_that_does_not_compile_is_said_with_every_place(admin: AdminFactory) -> None:
    client = await admin()
    await replace(client, document(rules=[rule("r", placements=["nowhere"])]))

    assert pointers(await client.post(URL, json={})) == ["/rules/0/placements/0"]


async def test_while_the_database_cannot_say_what_is_forced_nothing_is_signed(
    postgres: Postgres, new_site: SiteFactory
) -> None:
    away: Any = AwayPool()
    caller = Caller((await new_site()).site_id, "k-1", "secret", Role.EDITOR, "the editor")
    previewed = PreviewedRulesets(away, OtherRulesets(LiveRulesets()))

    async with postgres.engine.begin() as connection:
        with pytest.raises(UnavailableError):
            await make_link(connection, caller, previewed, PreviewLinkRequest.model_validate({}), now())


async def test_it_is_written_down_who_signed_what_but_not_the_token(
    client: AsyncClient, postgres: Postgres
) -> None:
    made = await link(client, stage="known", url=PAGE)
    assert (await client.delete(URL)).status_code == 204

    rows = await postgres.pool.fetch(
        "SELECT action, after::text FROM audit WHERE target = 'preview-links' ORDER BY id DESC LIMIT 2"
    )
    assert [row["action"] for row in rows] == ["revoked", "signed"]
    assert '"stage": "known"' in rows[1]["after"]
    assert made["token"] not in rows[1]["after"]


async def test_editors_make_and_end_links_and_viewers_do_not(
    admin: AdminFactory, new_site: SiteFactory
) -> None:
    site = await new_site()
    viewer, editor = await admin(Role.VIEWER, site), await admin(Role.EDITOR, site)

    for response in (await viewer.post(URL, json={}), await viewer.delete(URL)):
        said(response, 403)
    assert (await editor.post(URL, json={})).status_code == 201
    assert (await editor.delete(URL)).status_code == 204
