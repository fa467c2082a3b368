from collections.abc import Iterator
from contextlib import closing
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.api.context import context_of
from app.api.request import Request
from app.api.whereabouts import Whereabouts, open_countries
from app.api.wire import ContextBody
from tests.country_files import BRITISH, GERMAN, write_countries
from tests.serving import BROWSER
from tests.unit.api.edge import SHOP, receiving, request, scope_of

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) Version/17.6 Mobile/15E148 Safari/604.1"


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


def test_a_url_that_cannot_be_read_says_nothing() -> None:
    seen = context(url="https://[::1")

    assert "url" not in seen
    assert "utm" not in seen


def test_of_a_long_query_the_first_fields_count() -> None:
    url = context(url="https://shop.example/bikes?" + "&".join(f"f{n}={n}" for n in range(1_000)))["url"]

    assert (url["path"], url["query"]) == ("/bikes", {f"f{n}": str(n) for n in range(100)})


@pytest.mark.parametrize("longest", [4_096, 60_000])
def test_of_a_long_address_the_beginning_counts(longest: int) -> None:
    address = "https://shop.example/bikes?q=".ljust(longest, "x")

    seen = context(url=address, referrer=address, user_agent=PHONE.ljust(longest))

    assert (seen["url"]["path"], seen["referrer"]) == ("/bikes", {"host": "shop.example"})
    assert seen["url"]["query"] == {"q": address[29:4_096]}
    assert seen["device"] == "mobile"


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
        ("en;q=0.8,de;q=0.9", "de"),
        (";;,", None),
    ],
)
def test_a_page_that_names_no_locale_has_what_its_browser_wants_most(header: str, locale: str | None) -> None:
    assert context({"Accept-Language": header})["locale"] == locale


def test_a_locale_that_the_page_names_comes_first() -> None:
    assert context({"Accept-Language": "de"}, locale="fr")["locale"] == "fr"


def test_a_page_that_names_no_url_is_where_it_asks_from() -> None:
    assert context({"Referer": "https://shop.example/sale"})["url"]["path"] == "/sale"


def test_a_url_that_the_page_names_comes_first() -> None:
    assert (
        context({"Referer": "https://shop.example/sale"}, url="https://shop.example/")["url"]["path"] == "/"
    )


@pytest.mark.parametrize(
    ("sent", "fetch", "url"),
    [
        (f"{SHOP}/", "cross-site", {"host": "shop.example"}),
        (f"{SHOP}/", None, {"host": "shop.example"}),
        (f"{SHOP}/", "same-origin", {"path": "/", "host": "shop.example", "query": {}}),
        (f"{SHOP}/sale", "cross-site", {"path": "/sale", "host": "shop.example", "query": {}}),
    ],
)
def test_a_page_whose_browser_names_its_origin_alone_may_be_anywhere_on_it(
    sent: str, fetch: str | None, url: dict[str, Any]
) -> None:
    headers = {"Referer": sent, "Origin": SHOP, **({} if fetch is None else {"Sec-Fetch-Site": fetch})}

    assert context(headers)["url"] == url


def test_an_origin_that_cannot_be_read_says_nothing() -> None:
    assert "url" not in context({"Referer": "https://[::1", "Origin": "https://[::1"})


def test_the_device_browser_and_system_are_those_of_the_user_agent() -> None:
    assert context({"User-Agent": PHONE}) == {
        "attributes": {},
        "device": "mobile",
        "browser": "mobile safari",
        "os": "ios",
        "bot": False,
    }


def test_a_device_that_the_page_names_comes_first() -> None:
    seen = context({"User-Agent": PHONE}, device="kiosk")

    assert (seen["device"], seen["os"]) == ("kiosk", "ios")


def test_a_user_agent_in_the_body_comes_first() -> None:
    headers = {"User-Agent": PHONE, "Sec-CH-UA-Mobile": "?1"}

    assert context(headers, user_agent=BROWSER)["device"] == "desktop"
    assert context(headers, user_agent="nobody/1.0")["device"] == "other"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [({}, "mobile"), ({"User-Agent": "Mozilla/5.0"}, "mobile"), ({"User-Agent": BROWSER}, "desktop")],
)
def test_hints_of_a_browser_help_where_the_user_agent_says_too_little(
    user_agent: dict[str, str], device: str
) -> None:
    assert context({**user_agent, "Sec-CH-UA-Mobile": "?1"})["device"] == device


def test_a_television_is_no_tablet_although_it_hints_at_android() -> None:
    television = "Mozilla/5.0 (Linux; Android 12; BRAVIA 4K VH2) AppleWebKit/537.36 Chrome/110.0.0.0"

    seen = context({"User-Agent": television, "Sec-CH-UA-Platform": '"Android"'})

    assert seen["device"] == "other"


def test_what_is_remembered_of_a_user_agent_is_not_changed_by_one_request() -> None:
    hinted = context({"User-Agent": "Mozilla/5.0", "Sec-CH-UA-Mobile": "?1"})
    named = context({"User-Agent": "Mozilla/5.0"}, device="kiosk")
    plain = context({"User-Agent": "Mozilla/5.0"})

    assert [seen["device"] for seen in (hinted, named, plain)] == ["mobile", "kiosk", "other"]


@pytest.mark.parametrize("garbage", ["x" * 100_000, "\xff" * 100_000, ";,=/?&:[" * 10_000])
def test_huge_headers_harm_nobody(garbage: str) -> None:
    names = ["User-Agent", "Accept-Language", "Referer", "Origin", "Sec-CH-UA-Mobile", "Sec-CH-UA-Platform"]

    seen = context(dict.fromkeys(names, garbage))

    assert (seen["device"], seen["browser"], seen["bot"]) == ("other", None, False)
    assert seen["locale"] is None


def test_a_user_agent_is_cut_before_it_is_read() -> None:
    assert context({"User-Agent": "x" * 1_024 + "curl/8.9"})["bot"] is False
    assert context(user_agent="x" * 1_024 + "curl/8.9")["bot"] is False


@pytest.fixture(scope="module")
def whereabouts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whereabouts]:
    file = write_countries(tmp_path_factory.mktemp("countries") / "country.mmdb")
    with closing(open_countries(file)) as countries:
        yield Whereabouts(countries)


def asked_from(address: str) -> Request:
    return Request.by_asgi({**scope_of(), "client": (address, 50_000)}, receiving([]))


def test_a_page_is_in_the_country_that_its_request_comes_from(whereabouts: Whereabouts) -> None:
    seen = context_of(ContextBody(), asked_from(BRITISH), whereabouts)

    assert seen == {"attributes": {}, "country": "GB"}


def test_a_country_that_the_page_names_comes_first(whereabouts: Whereabouts) -> None:
    assert context_of(ContextBody(country="FR"), asked_from(BRITISH), whereabouts)["country"] == "FR"


def test_a_server_says_what_its_visitor_is_and_where(whereabouts: Whereabouts) -> None:
    seen = context_of(ContextBody(user_agent=PHONE, ip=GERMAN), None, whereabouts)

    assert (seen["device"], seen["country"]) == ("mobile", "DE")


def test_no_address_is_kept(whereabouts: Whereabouts) -> None:
    assert BRITISH not in str(context_of(ContextBody(ip=BRITISH), asked_from(BRITISH), whereabouts))


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
