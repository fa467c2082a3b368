import pytest

from loadtests.mapping import (
    OTTO,
    PAGES,
    TAOBAO,
    TRIVAGO,
    placements_after,
    price_of,
    properties_of,
    trivago_context,
    url_after,
)

EVENTS = {*TRIVAGO.values(), *TAOBAO.values(), *OTTO.values()}


def test_each_page_follows_an_event_that_a_source_knows() -> None:
    assert set(PAGES) <= EVENTS


@pytest.mark.parametrize("event", ["search_refined", "product_saved"])
def test_what_stays_on_its_page_asks_for_nothing(event: str) -> None:
    assert placements_after(event) == ()
    assert url_after(event) == "https://shop.example/"


def test_every_page_asks_for_two_or_three_placements() -> None:
    assert {len(page.placements) for page in PAGES.values()} <= {2, 3}


@pytest.mark.parametrize(
    ("platform", "country", "locale"),
    [("DE", "DE", "de-DE"), ("UK", "GB", "en-UK"), ("BR", "BR", "pt-BR"), ("KR", "KR", "en-KR")],
)
def test_a_country_site_gives_country_and_locale(platform: str, country: str, locale: str) -> None:
    context = trivago_context(platform, "tablet")
    assert context["country"] == country
    assert context["locale"] == locale.replace("UK", "GB")
    assert context["attributes"] == {"platform": platform}


def test_the_site_of_many_countries_says_none() -> None:
    assert trivago_context("AA", "desktop") == {
        "device": "desktop",
        "attributes": {"platform": "AA"},
        "locale": "ar",
    }


def test_an_order_has_the_price_of_its_product() -> None:
    order = properties_of("order_completed", "77")
    assert order == {"product": "77", "value": price_of("77"), "currency": "EUR"}
    assert price_of("77") == price_of("77") != price_of("78")


@pytest.mark.parametrize("product", ["", "1", "7" * 300, "Zürich"])
def test_a_price_lies_between_20_and_200(product: str) -> None:
    assert 20 <= price_of(product) < 200


@pytest.mark.parametrize(
    ("event", "key"),
    [("products_searched", "term"), ("search_refined", "by"), ("product_viewed", "product")],
)
def test_an_event_says_what_its_source_knew(event: str, key: str) -> None:
    assert properties_of(event, "it") == {key: "it"}
