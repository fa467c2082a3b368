"""A configuration as the OpenAPI document shows it."""

from typing import Any

CONFIG: dict[str, Any] = {
    "site": {"timezone": "Europe/London", "default_locale": "en"},
    "placements": [
        {
            "key": "home.hero",
            "default": "default",
            "variants": [
                {"key": "default", "content": {"title": "Welcome"}},
                {
                    "key": "spring-sale",
                    "content": {"title": "Spring sale"},
                    "locales": {"de": {"title": "Frühling"}},
                },
            ],
        }
    ],
    "segments": [{"key": "returning", "condition": {"events.page_viewed.count": {"$gte": 3}}}],
    "metrics": [{"key": "orders", "event": "order_completed"}],
    "experiments": [
        {
            "key": "hero-copy",
            "status": "running",
            "primary_metric": "orders",
            "arms": [
                {"key": "control", "variants": {"home.hero": "default"}},
                {"key": "treatment", "variants": {"home.hero": "spring-sale"}},
            ],
        }
    ],
    "rules": [
        {
            "key": "hero-test",
            "placements": ["home.hero"],
            "audience": {"segments": ["returning"]},
            "deliver": {"experiment": "hero-copy"},
        }
    ],
}
