"""One resource of each kind, and a patch of it, as the OpenAPI document shows them."""

from typing import Any

PLACEMENT: dict[str, Any] = {
    "key": "home.hero",
    "default": "default",
    "variants": [{"key": "default", "content": {"title": "Welcome"}}],
}
VARIANT: dict[str, Any] = {
    "key": "spring-sale",
    "content": {"title": "Spring sale"},
    "locales": {"de": {"title": "Frühling"}},
}
SEGMENT: dict[str, Any] = {"key": "returning", "condition": {"events.page_viewed.count": {"$gte": 3}}}
JOURNEY: dict[str, Any] = {
    "key": "purchase",
    "primary": True,
    "stages": [
        {"key": "awareness"},
        {"key": "consideration", "when": {"events.product_viewed.count_30d": {"$gte": 2}}},
        {"key": "retention", "when": {"events.order_completed.count": {"$gte": 1}}},
    ],
}
METRIC: dict[str, Any] = {"key": "orders", "event": "order_completed", "window_days": 14}
EXCLUSION_GROUP: dict[str, Any] = {"key": "hero", "salt": "hero", "unit": "visitor"}
EXPERIMENT: dict[str, Any] = {
    "key": "hero-copy",
    "status": "running",
    "primary_metric": "orders",
    "arms": [
        {"key": "control", "variants": {"home.hero": "default"}},
        {"key": "treatment", "variants": {"home.hero": "spring-sale"}},
    ],
}
RULE: dict[str, Any] = {
    "key": "hero-test",
    "placements": ["home.hero"],
    "priority": 600,
    "audience": {"segments": ["returning"]},
    "deliver": {"experiment": "hero-copy"},
}
SITE: dict[str, Any] = {"timezone": "Europe/London", "default_locale": "en"}
HOLDOUT: dict[str, Any] = {"percent": 5, "salt": "2026q4"}
