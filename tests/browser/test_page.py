"""A page on another origin decides from a real browser."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from playwright.async_api import Page

from tests.service import Service, serving

pytestmark = pytest.mark.browser

ASK_PLAINLY = """async ([url, key, body]) => {
    const answer = await fetch(`${url}/decide?key=${key}`, {method: "POST", body});
    return {status: answer.status, body: await answer.json()};
}"""
ASK_AS_JSON = """async ([url, key, body]) => {
    const headers = {"Content-Type": "application/json", "Authorization": `Bearer ${key}`};
    const answer = await fetch(`${url}/decide`, {method: "POST", headers, body});
    return {status: answer.status, body: await answer.json()};
}"""
BEACON = """([url, key, body]) => navigator.sendBeacon(`${url}/events?key=${key}`, body)"""


class _BlankPage(BaseHTTPRequestHandler):
    """Serves an empty page: all that a page needs to have an origin."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>a shop</title>")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Keep quiet."""


@contextmanager
def an_origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _BlankPage)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with an_origin() as origin:
        yield origin


@pytest.fixture(scope="module")
def service(shop: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    document = {
        "site": {"origins": [shop]},
        "placements": [
            {"key": "home.hero", "default": "w", "variants": [{"key": "w", "content": {"title": "Hi"}}]}
        ],
        "segments": [{"key": "seen", "condition": {"events.page_viewed.count": {"$gte": 1}}}],
    }
    with serving(tmp_path_factory.mktemp("service")) as running:
        running.publish(document)
        yield running


def preflights(service: Service) -> int:
    text = httpx.get(f"{service.url}/metrics").text
    found = re.search(r'signpost_answers_total\{path="/decide",pid="\d+",status="204"\} (\d+)', text)
    return int(found[1]) if found else 0


def asked(service: Service, visitor: str) -> list[str]:
    body = {"visitor": {"id": visitor}, "placements": ["home.hero"]}
    return [service.url, service.public_key, json.dumps(body)]


async def test_a_page_of_the_site_decides_without_a_preflight(
    page: Page, shop: str, service: Service
) -> None:
    await page.goto(shop)
    before = preflights(service)
    answer = await page.evaluate(ASK_PLAINLY, asked(service, "plain"))
    assert answer["status"] == 200
    assert answer["body"]["placements"]["home.hero"]["content"] == {"title": "Hi"}
    assert preflights(service) == before


async def test_a_page_of_the_site_decides_with_a_preflight(page: Page, shop: str, service: Service) -> None:
    await page.goto(shop)
    before = preflights(service)
    answer = await page.evaluate(ASK_AS_JSON, asked(service, "json"))
    assert answer["status"] == 200
    assert preflights(service) == before + 1


@pytest.mark.parametrize("ask", [ASK_PLAINLY, ASK_AS_JSON], ids=["plainly", "as json"])
async def test_a_page_of_a_foreign_origin_is_refused(page: Page, service: Service, ask: str) -> None:
    with an_origin() as foreign:
        await page.goto(foreign)
        with pytest.raises(Exception, match="Failed to fetch"):
            await page.evaluate(ask, asked(service, "foreign"))


async def test_a_beacon_is_counted_by_the_next_decision(page: Page, shop: str, service: Service) -> None:
    await page.goto(shop)
    body = json.dumps({"visitor": {"id": "beacon"}, "events": [{"name": "page_viewed"}]})
    async with page.expect_response(lambda response: "/events" in response.url) as sent:
        assert await page.evaluate(BEACON, [service.url, service.public_key, body])
    assert (await sent.value).status == 202
    answer = await page.evaluate(ASK_PLAINLY, asked(service, "beacon"))
    assert answer["body"]["visitor"]["segments"] == ["seen"]
