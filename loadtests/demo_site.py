"""The demo shop as one document for `PUT /api/v1/config`: what the replayed visitors meet."""

from collections.abc import Sequence
from typing import Any

from loadtests.headlines import load_headlines

# The journey's stages in their order, as a shopper who never looks back would pass them.
STAGES = ("awareness", "consideration", "decision", "retention", "advocacy")
EXPERIMENTS = ("hero-copy", "banner-order", "$holdout")

_ORDERS = "events.order_completed.count"
_VIEWS_SINCE_ORDER = "events.product_viewed.count_since_order_completed"
_ADDED_SINCE_ORDER = "events.product_added.count_since_order_completed"


def demo_site(headlines: Sequence[Sequence[str]] | None = None) -> dict[str, Any]:
    """Build the document; the first two groups of headlines are the texts that its experiments compare."""
    hero, banner = [*(load_headlines() if headlines is None else headlines)][:2]
    return {
        "site": {"timezone": "Europe/Berlin", "default_locale": "en"},
        "placements": _placements(hero, banner),
        "segments": _segments(),
        "journeys": [{"key": "purchase", "primary": True, "stages": _stages()}],
        "metrics": _metrics(),
        "experiments": [_hero_copy(), _banner_order()],
        "rules": [*_rules_with_experiments(), *_rules_by_stage(), *_rules_by_segment()],
        "holdout": {"percent": 5, "salt": "demo", "metrics": ["orders", "revenue"]},
    }


def _variant(key: str, title: str, german: str | None = None) -> dict[str, Any]:
    variant: dict[str, Any] = {"key": key, "content": {"title": title}}
    return variant | ({"locales": {"de": {"title": german}}} if german is not None else {})


def _placement(key: str, *variants: dict[str, Any]) -> dict[str, Any]:
    return {"key": key, "default": variants[0]["key"], "variants": list(variants)}


def _placements(hero: Sequence[str], banner: Sequence[str]) -> list[dict[str, Any]]:
    headlines = [_variant("headline-a", hero[0]), _variant("headline-b", hero[1])]
    return [
        _placement(
            "home.hero",
            _variant("default", "Welcome", "Willkommen"),
            _variant("club", "Good to have you in the club", "Schön, dass Sie im Club sind"),
            *headlines,
        ),
        _placement(
            "list.top",
            _variant("default", "What others looked for"),
            _variant("price-promise", "Found it cheaper? We match it"),
            _variant("app", "Faster in the app"),
        ),
        _placement(
            "product.side",
            _variant("default", "More like this"),
            _variant("compare", "Put two of them side by side"),
            *headlines,
        ),
        _placement(
            "cart.note",
            _variant("default", "Fourteen days to change your mind"),
            _variant("legal", "Prices include VAT", "Alle Preise inkl. MwSt."),
            _variant("delivery", "Delivery is on us today"),
        ),
        _placement(
            "thanks.note", _variant("default", "Thank you"), _variant("review", "Tell others how it was")
        ),
        _placement(
            "site.banner",
            _variant("default", "Made for every day"),
            _variant("welcome-back", "Good to see you again", "Schön, Sie wiederzusehen"),
            _variant("night", "Ordered at night, sent in the morning"),
            _variant("banner-a", banner[0]),
            _variant("banner-b", banner[1]),
        ),
    ]


def _segments() -> list[dict[str, Any]]:
    conditions = {
        "buyers": {_ORDERS: {"$gte": 1}},
        "comparing-again": {_ORDERS: {"$gte": 1}, _VIEWS_SINCE_ORDER: {"$gte": 3}},
        "lapsed": {_ORDERS: {"$gte": 1}, "events.order_completed.days_since": {"$gte": 5}},
        "returning": {"profile.age_days": {"$gte": 1}},
        "on-the-go": {"context.device": {"$in": ["mobile", "tablet"]}},
        "german-speaking": {"context.country": {"$in": ["DE", "AT", "CH"]}},
        "american-site": {"context.attributes.platform": "US"},
        "price-minded": {"events.search_refined.last_by": {"$regexi": "price"}},
        "big-spenders": {"events.order_completed.sum_value": {"$gte": 300}},
        "buyers-on-the-go": {"segments": {"$all": ["buyers", "on-the-go"]}},
    }
    return [{"key": key, "condition": condition} for key, condition in conditions.items()]


def _stages() -> list[dict[str, Any]]:
    """Whoever shops now stands in a shopping stage, whatever was bought before: those come first."""
    first_look = {_ORDERS: 0, "events.product_viewed.count_30d": {"$gte": 2}}
    compares_again = {_ORDERS: {"$gte": 1}, _VIEWS_SINCE_ORDER: {"$gte": 3}}
    cart_waits = {_ADDED_SINCE_ORDER: {"$gte": 1}, "events.product_added.count_7d": {"$gte": 1}}
    looks_closely = {_ORDERS: 0, "events.product_viewed.count_7d": {"$gte": 8}}
    return [
        {"key": "awareness"},
        {
            "key": "consideration",
            "when": {"$or": [first_look, compares_again]},
            "decay_after_days": 30,
            "precedence": 10,
        },
        {
            "key": "decision",
            "when": {"$or": [cart_waits, looks_closely]},
            "stay": {_ADDED_SINCE_ORDER: {"$gte": 1}},
            "decay_after_days": 14,
            "precedence": 11,
        },
        {"key": "retention", "when": {_ORDERS: {"$gte": 1}}},
        {"key": "advocacy", "when": {_ORDERS: {"$gte": 3}}},
    ]


def _metrics() -> list[dict[str, Any]]:
    return [
        {"key": "orders", "event": "order_completed", "window_days": 14},
        {
            "key": "revenue",
            "kind": "mean",
            "event": "order_completed",
            "property": "value",
            "where": {"properties.currency": "EUR"},
            "window_days": 14,
        },
    ]


def _hero_copy() -> dict[str, Any]:
    return {
        "key": "hero-copy",
        "status": "running",
        "primary_metric": "orders",
        "metrics": [{"metric": "revenue", "role": "guardrail", "margin": 0.01}],
        "arms": [
            {"key": arm, "variants": dict.fromkeys(("home.hero", "product.side"), variant)}
            for arm, variant in (("control", "headline-a"), ("treatment", "headline-b"))
        ],
    }


def _banner_order() -> dict[str, Any]:
    arms = (("as-usual", 2, None), ("first", 1, "banner-a"), ("second", 1, "banner-b"))
    return {
        "key": "banner-order",
        "status": "running",
        "traffic": 60,
        "primary_metric": "orders",
        "arms": [
            {"key": arm, "weight": weight, "variants": {"site.banner": variant}}
            for arm, weight, variant in arms
        ],
    }


def _rules_with_experiments() -> list[dict[str, Any]]:
    return [
        {
            "key": "hero-test",
            "placements": ["home.hero", "product.side"],
            "priority": 500,
            "audience": {"stages": ["awareness", "consideration", "decision"]},
            "deliver": {"experiment": "hero-copy"},
        },
        {
            "key": "banner-test",
            "placements": ["site.banner"],
            "priority": 500,
            "audience": {"not_segments": ["lapsed"]},
            "deliver": {"experiment": "banner-order"},
        },
    ]


def _rule(key: str, placement: str, priority: int, variant: str, **said: Any) -> dict[str, Any]:
    return {
        "key": key,
        "placements": [placement],
        "priority": priority,
        "deliver": {"variant": variant},
        **said,
    }


def _rules_by_stage() -> list[dict[str, Any]]:
    ask = {"stages": ["retention", "advocacy"], "segments": ["returning", "big-spenders"]}
    many = {"condition": {"events.product_added.count_7d": {"$gte": 2}}}
    at_night = {"windows": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "21:00", "to": "06:00"}]}
    return [
        _rule("club", "home.hero", 600, "club", audience={"stages": ["advocacy"]}),
        _rule("ask-for-a-review", "thanks.note", 400, "review", audience=ask, consent=["personalization"]),
        _rule("free-delivery", "cart.note", 300, "delivery", audience={"stages": ["decision"], **many}),
        _rule("night", "site.banner", 100, "night", schedule=at_night),
    ]


def _rules_by_segment() -> list[dict[str, Any]]:
    again = {"segments": ["comparing-again"]}
    app = {"segments": ["buyers-on-the-go", "american-site"]}
    return [
        _rule("compare-again", "product.side", 600, "compare", audience=again),
        _rule("welcome-back", "site.banner", 700, "welcome-back", audience={"segments": ["lapsed"]}),
        _rule("price-promise", "list.top", 500, "price-promise", audience={"segments": ["price-minded"]}),
        _rule("app", "list.top", 400, "app", audience=app),
        # What the law asks for is shown to everybody it concerns, personalized or not.
        _rule(
            "legal", "cart.note", 900, "legal", audience={"segments": ["german-speaking"]}, in_holdout=True
        ),
    ]
