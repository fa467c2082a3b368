"""The site that a campaign serves: counters, a journey, an experiment on all visitors and a capped rule."""

from typing import Any

PLACEMENTS = ("home.hero", "home.banner")
EVENTS = ("page_viewed", "product_viewed", "order_completed")


def site_document(edition: int = 0) -> dict[str, Any]:
    """Write the site for `PUT /api/v1/config`; an edition differs from the others in its texts alone."""
    return {
        "site": {"timezone": "UTC", "default_locale": "en"},
        "placements": [
            _placement("home.hero", edition, "plain", "control", "treatment"),
            _placement("home.banner", edition, "plain", "offer"),
        ],
        "segments": [
            {"key": "returning", "condition": {"events.page_viewed.count_7d": {"$gte": 3}}},
            {"key": "spenders", "condition": {"events.order_completed.sum_value": {"$gte": 100}}},
        ],
        "journeys": [{"key": "purchase", "primary": True, "stages": _STAGES}],
        "metrics": [{"key": "orders", "event": "order_completed", "window_days": 14}],
        "experiments": [_EXPERIMENT],
        "rules": [
            {"key": "test", "placements": ["home.hero"], "priority": 500, "deliver": {"experiment": "hero"}},
            {
                "key": "offer",
                "placements": ["home.banner"],
                "priority": 400,
                "audience": {"segments": ["returning"]},
                "deliver": {"variant": "offer"},
                "cap": {"count": 2, "per_days": 1},
            },
        ],
    }


_STAGES = [
    {"key": "awareness"},
    {"key": "consideration", "when": {"events.product_viewed.count": {"$gte": 2}}},
    {"key": "retention", "when": {"events.order_completed.count": {"$gte": 1}}},
]
_EXPERIMENT = {
    "key": "hero",
    "status": "running",
    "primary_metric": "orders",
    "arms": [{"key": arm, "variants": {"home.hero": arm}} for arm in ("control", "treatment")],
}


def _placement(key: str, edition: int, *variants: str) -> dict[str, Any]:
    texts = [{"key": name, "content": {"title": f"{name}, edition {edition}"}} for name in variants]
    return {"key": key, "default": variants[0], "variants": texts}
