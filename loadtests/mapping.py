"""How the sources' actions become events and pages of the demo shop.

| trivago | taobao | otto | event | page that follows |
|---|---|---|---|---|
| search for destination, poi, item | | | products_searched | /search |
| filter selection, change of sort order | | | search_refined | none: the list is redrawn in place |
| interaction item image, rating, info, deals | pv | clicks | product_viewed | /products |
| | fav | | product_saved | none: the page stays |
| | cart | carts | product_added | /cart |
| clickout item | buy | orders | order_completed | /thanks |

No source says what an order was worth, so each item has a made-up price in EUR, the same one always.
"""

from typing import Any
from zlib import crc32

import msgspec

SHOP = "https://shop.example"

TRIVAGO = {
    "search for destination": "products_searched",
    "search for poi": "products_searched",
    "search for item": "products_searched",
    "filter selection": "search_refined",
    "change of sort order": "search_refined",
    "interaction item image": "product_viewed",
    "interaction item rating": "product_viewed",
    "interaction item info": "product_viewed",
    "interaction item deals": "product_viewed",
    "clickout item": "order_completed",
}
TAOBAO = {
    "pv": "product_viewed",
    "fav": "product_saved",
    "cart": "product_added",
    "buy": "order_completed",
}
OTTO = {"clicks": "product_viewed", "carts": "product_added", "orders": "order_completed"}


class Page(msgspec.Struct, frozen=True):
    """A page of the demo shop and the places on it that can show different content."""

    path: str
    placements: tuple[str, ...]


PAGES = {
    "products_searched": Page("/search", ("home.hero", "list.top", "site.banner")),
    "product_viewed": Page("/products", ("product.side", "site.banner")),
    "product_added": Page("/cart", ("cart.note", "site.banner")),
    "order_completed": Page("/thanks", ("thanks.note", "site.banner")),
}

# Trivago's country sites whose code is not the country's; `AA` serves the Arabic-speaking world as one.
_COUNTRY_OF = {"UK": "GB", "AA": None}
_LANGUAGE_OF = {
    **dict.fromkeys(("DE", "AT", "CH"), "de"),
    **dict.fromkeys(("ES", "AR", "MX", "CO", "EC", "PE", "CL", "UY"), "es"),
    **dict.fromkeys(("BR", "PT"), "pt"),
    "FR": "fr",
    "IT": "it",
    "JP": "ja",
    "TR": "tr",
    "RU": "ru",
    "NL": "nl",
    "PL": "pl",
}


def placements_after(event: str) -> tuple[str, ...]:
    """List what the page that follows an event asks for; nothing where no page follows."""
    page = PAGES.get(event)
    return page.placements if page is not None else ()


def url_after(event: str) -> str:
    """Name the page that follows an event."""
    page = PAGES.get(event)
    return SHOP + (page.path if page is not None else "/")


def properties_of(event: str, subject: str) -> dict[str, Any]:
    """Say of an event what its source knew: what was searched for, refined by, or which product it was."""
    if event == "products_searched":
        return {"term": subject}
    if event == "search_refined":
        return {"by": subject}
    if event == "order_completed":
        return {"product": subject, "value": price_of(subject), "currency": "EUR"}
    return {"product": subject}


def price_of(product: str) -> float:
    """Make up what a product costs in EUR, between 20 and 200."""
    return 20 + crc32(product.encode()) % 18_000 / 100


def trivago_context(platform: str, device: str) -> dict[str, Any]:
    """Turn a trivago row's country site and device into what a decision's `context` says."""
    country = _COUNTRY_OF.get(platform, platform)
    language = _LANGUAGE_OF.get(platform, "en")
    context: dict[str, Any] = {"device": device, "attributes": {"platform": platform}}
    if country is None:
        return context | {"locale": "ar"}
    return context | {"country": country, "locale": f"{language}-{country}"}
