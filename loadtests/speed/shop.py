"""The site that the benchmarks decide on: 20 placements, 2 experiments and any number of rules."""

from typing import Any

from loadtests.bench_engine import STAGES, Json, broad, narrow

PLACEMENTS = tuple(f"shop.place-{n:02}" for n in range(20))
EXPERIMENTS = ("hero-copy", "banner-order")
ARMS = ("control", "treatment")
ORIGIN = "https://shop.example"

_WHENS: tuple[Json, ...] = (
    {},
    {"when": {"events.product_viewed.count_30d": {"$gte": 2}}, "decay_after_days": 30},
    {"when": {"events.product_added.count_7d": {"$gte": 1}}, "decay_after_days": 14},
)


def shop(rules: int) -> Json:
    """Build the document with that many rules, of which the last deliver two arms, and variants elsewhere."""
    return {
        "site": {"timezone": "Europe/London", "default_locale": "en", "origins": [ORIGIN]},
        "placements": [_placement(key) for key in PLACEMENTS],
        "segments": _segments(),
        "journeys": [
            {"key": "purchase", "stages": [{"key": k} | w for k, w in zip(STAGES, _WHENS, strict=True)]}
        ],
        "metrics": [{"key": "orders", "event": "order_completed", "window_days": 14}],
        "experiments": [_experiment(key, place) for key, place in zip(EXPERIMENTS, PLACEMENTS, strict=False)],
        "rules": [*(_filler(n) for n in range(rules - 3)), *_for_everybody()],
    }


def _placement(key: str) -> Json:
    return {"key": key, "default": "a", "variants": [_variant(key, variant) for variant in "ab"]}


def _variant(place: str, key: str) -> Json:
    content = {
        "title": f"Spring sale, {place}",
        "image": f"/img/{place}-{key}.webp",
        "href": "/sale?from=home",
    }
    return {"key": key, "content": content, "locales": {"de": {"title": f"Frühling, {place}"}}}


def _segments() -> list[Json]:
    conditions: dict[str, Any] = {f"s{n}": {"traits.score": {"$gte": 20 * n}} for n in range(5)}
    conditions |= {
        "returning": {"events.page_viewed.count": {"$gte": 3}},
        "buyers": {"events.order_completed.count": {"$gte": 1}},
        "spenders": {"events.order_completed.sum_value": {"$gte": 300}},
        "british": {"context.country": {"$in": ["GB", "IE"]}},
    }
    return [{"key": key, "condition": condition} for key, condition in conditions.items()]


def _experiment(key: str, place: str) -> Json:
    arms = [{"key": arm, "variants": {place: variant}} for arm, variant in zip(ARMS, "ab", strict=True)]
    return {"key": key, "status": "running", "primary_metric": "orders", "arms": arms}


def _filler(n: int) -> Json:
    """Address hardly anybody, or nearly everybody out of season; a third of the placements each."""
    audience = narrow(n) if n % 2 else broad(n)
    places = [place for number, place in enumerate(PLACEMENTS) if number % 3 == n % 3]
    return {"key": f"r{n:05}", "placements": places, "priority": 500, "deliver": {"variant": "b"}, **audience}


def _for_everybody() -> list[Json]:
    """The last rules, asked when all others were asked in vain."""
    known = {"audience": {"condition": {"traits.plan": {"$exists": True}}}, "priority": 100}
    experiments = [
        {"key": f"{key}-test", "placements": [place], "deliver": {"experiment": key}, **known}
        for key, place in zip(EXPERIMENTS, PLACEMENTS, strict=False)
    ]
    rest = {"key": "z-rest", "placements": [*PLACEMENTS[2:]], "deliver": {"variant": "b"}, **known}
    return [*experiments, rest]
