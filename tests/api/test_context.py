"""What a page does not say of itself is read from its request; a server says what it knows of its visitor."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from app.embedded.servers import Servers
from app.engine.records import Assignment, Event, Inputs
from app.storage.postgres import Postgres
from tests.builders import delivering, experiment, segment
from tests.country_files import BRITISH, GERMAN, write_countries
from tests.shop import Shop, running_edge
from tests.sites import SiteFactory

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) Version/17.6 Mobile/15E148 Safari/604.1"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
ASKED: dict[str, dict[str, Any]] = {
    "on-a-phone": {"context.device": "mobile", "context.browser": "mobile safari", "context.os": "ios"},
    "a-robot": {"context.bot": True},
    "british": {"context.country": "GB"},
    "german": {"context.country": "DE"},
    "speaks-german": {"context.locale": {"$regex": "^de"}},
    "by-mail": {"context.utm.source": "mail", "context.url.path": "/bikes", "context.url.query.q": "red"},
    "from-the-news": {"context.referrer.host": "news.example"},
}
# As a page's request comes through the proxy in front of us.
HEADERS = {
    "User-Agent": PHONE,
    "Accept-Language": "en;q=0.5, de-AT",
    "Referer": "https://shop.example/bikes?utm_source=mail&q=red",
    "X-Forwarded-For": f"{GERMAN}, {BRITISH}",
}


@pytest_asyncio.fixture(scope="module")
async def shop(
    servers: Servers,
    postgres: Postgres,
    new_site: SiteFactory,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Shop]:
    """A shop that knows countries and takes everybody into an experiment."""
    folder = tmp_path_factory.mktemp("context")
    chosen: dict[str, Any] = {
        "country_db": write_countries(folder / "country.mmdb"),
        "trusted_proxies": "127.0.0.0/8",
    }
    async with running_edge(postgres, servers.redis_url, folder, **chosen) as edge:
        yield await edge.shop(
            new_site,
            segments=[segment(key, condition) for key, condition in ASKED.items()],
            experiments=[experiment()],
            rules=[delivering("hero-copy")],
        )


async def segments(shop: Shop, headers: dict[str, str], **context: Any) -> Sequence[str]:
    answer = await shop.decide(headers, context=context)
    found: Sequence[str] = answer.raise_for_status().json()["visitor"]["segments"]
    return sorted(found)


async def test_what_a_page_leaves_out_is_in_its_request(shop: Shop) -> None:
    seen = await segments(shop, {**shop.public, **HEADERS}, referrer="https://news.example/today")

    assert seen == ["british", "by-mail", "from-the-news", "on-a-phone", "speaks-german"]


async def test_what_a_page_says_counts_before_its_request(shop: Shop) -> None:
    said = {"device": "kiosk", "country": "DE", "locale": "fr", "url": "https://shop.example/"}

    assert await segments(shop, {**shop.public, **HEADERS}, **said) == ["german"]


async def test_a_servers_request_says_nothing_of_its_visitor(shop: Shop) -> None:
    assert await segments(shop, {**shop.secret, **HEADERS}) == []


async def test_a_server_names_its_visitors_user_agent_and_address(shop: Shop) -> None:
    seen = await segments(shop, shop.secret, user_agent=PHONE, ip=GERMAN)

    assert seen == ["german", "on-a-phone"]


@pytest.mark.parametrize("header", [{"User-Agent": ROBOT}, {"Sec-Purpose": "prefetch;prerender"}])
async def test_robots_and_pages_fetched_ahead_get_content_and_no_assignment(
    shop: Shop, header: dict[str, str]
) -> None:
    visitor = {"id": f"v-{header}"}

    ahead = (await shop.decide({**shop.public, **header}, visitor=visitor)).json()
    later = (await shop.decide(visitor=visitor)).json()

    assert ahead["placements"]["home.hero"]["content"] == {"title": "default"}
    assert (ahead["assignments"], len(later["assignments"])) == ([], 1)
    assert [record.decision_id for record in shop.assignments if record.visitor == visitor["id"]] == [
        later["decision_id"]
    ]


async def test_no_header_is_too_odd_or_too_large(shop: Shop) -> None:
    odd = dict.fromkeys(HEADERS, "\x7f;=,%[" * 2_000)

    assert await segments(shop, {**shop.public, **odd}) == []


async def test_an_address_is_never_kept(shop: Shop) -> None:
    await shop.decide({**shop.public, **HEADERS}, visitor={"id": "v-kept"}, events=[{"name": "page_viewed"}])

    kept = [record for record in shop.records if record.visitor == "v-kept"]
    assert {type(record) for record in kept} == {Event, Assignment, Inputs}
    assert not any(address.encode() in msgspec.json.encode(kept) for address in (BRITISH, GERMAN))
