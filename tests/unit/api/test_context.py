from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.api.context import context_of
from app.api.wire import ContextBody
from tests.unit.api.edge import request


def context(headers: dict[str, str] | None = None, **body: Any) -> dict[str, Any]:
    return context_of(ContextBody(**body), request(headers=headers or {}))


def test_what_the_page_says_of_itself_is_kept() -> None:
    said: dict[str, Any] = {
        "device": "mobile",
        "country": "GB",
        "locale": "en-GB",
        "attributes": {"cart_value": 42.5},
    }

    assert context(None, **said) == said


def test_a_url_is_taken_apart() -> None:
    seen = context(url="https://shop.example/bikes?utm_source=mail&utm_medium=&q=red&q=blue#top")

    assert seen["url"] == {
        "path": "/bikes",
        "host": "shop.example",
        "query": {"utm_source": "mail", "utm_medium": "", "q": "red"},
    }
    assert seen["utm"] == {"source": "mail", "medium": ""}


@pytest.mark.parametrize(("url", "path"), [("https://shop.example", "/"), ("/bikes", "/bikes"), ("", "/")])
def test_a_url_has_always_a_path(url: str, path: str) -> None:
    assert context(url=url)["url"]["path"] == path


@pytest.mark.parametrize("url", ["https://[::1", "https://shop.example/?" + "a=1&" * 101])
def test_a_url_that_cannot_be_read_says_nothing(url: str) -> None:
    seen = context(url=url)

    assert "url" not in seen
    assert "utm" not in seen


@pytest.mark.parametrize(
    ("referrer", "host"),
    [("https://News.example/a?b", "news.example"), ("about:blank", None), ("https://[::1", None)],
)
def test_of_a_referrer_its_host_counts(referrer: str, host: str | None) -> None:
    assert context(referrer=referrer)["referrer"] == {"host": host}


def test_an_empty_referrer_is_none() -> None:
    assert "referrer" not in context(referrer="")


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de-AT"),
        ("fr;q=0.5", "fr"),
        ("*", None),
        ("", None),
        (";;,", None),
    ],
)
def test_a_page_that_names_no_locale_has_its_browsers_first(header: str, locale: str | None) -> None:
    assert context({"Accept-Language": header})["locale"] == locale


def test_a_locale_that_the_page_names_comes_first() -> None:
    assert context({"Accept-Language": "de"}, locale="fr")["locale"] == "fr"


def test_a_page_that_names_no_url_is_where_it_asks_from() -> None:
    assert context({"Referer": "https://shop.example/sale"})["url"]["path"] == "/sale"


def test_a_url_that_the_page_names_comes_first() -> None:
    assert (
        context({"Referer": "https://shop.example/sale"}, url="https://shop.example/")["url"]["path"] == "/"
    )


def test_a_servers_own_headers_say_nothing_of_its_visitor() -> None:
    assert context_of(ContextBody(), None) == {"attributes": {}}


def test_a_known_time_zone_comes_with_its_clock() -> None:
    seen = context(timezone="Europe/London")

    assert (seen["timezone"], seen["zone"]) == ("Europe/London", ZoneInfo("Europe/London"))


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "", "/etc/passwd", "../../etc/passwd", "Europe", "x" * 256, "\0"]
)
def test_a_time_zone_that_nobody_knows_is_as_if_none_was_named(name: str) -> None:
    seen = context(timezone=name)

    assert "timezone" not in seen
    assert "zone" not in seen
