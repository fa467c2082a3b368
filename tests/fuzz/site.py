"""The site that is asked at random: everything that the examples of the OpenAPI document name is there."""

from typing import Any

import httpx

from tests.service import Service

SITE: dict[str, Any] = {
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
    "journeys": [
        {
            "key": "purchase",
            "primary": True,
            "stages": [
                {"key": "awareness"},
                {"key": "consideration", "when": {"events.product_viewed.count_30d": {"$gte": 2}}},
                {"key": "retention", "when": {"events.order_completed.count": {"$gte": 1}}},
            ],
        }
    ],
    "metrics": [{"key": "orders", "event": "order_completed", "window_days": 14}],
    "exclusion_groups": [{"key": "hero", "salt": "hero", "unit": "visitor"}],
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
    "rules": [{"key": "hero-test", "placements": ["home.hero"], "deliver": {"experiment": "hero-copy"}}],
    "holdout": {"percent": 5, "salt": "2026q4"},
}
_VISITORS = ("v-123", *(f"visitor-{number}" for number in range(20)))


def open_site(service: Service) -> None:
    """Publish the site and let visitors come to it."""
    service.publish(SITE)
    headers = {"Authorization": f"Bearer {service.public_key}"}
    for visitor in _VISITORS:
        said = {"visitor": {"id": visitor}, "events": [{"name": "page_viewed"}, {"name": "order_completed"}]}
        asked = {"visitor": {"id": visitor}, "placements": ["home.hero"]}
        for path, body in (("decide", asked), ("events", said)):
            httpx.post(f"{service.url}/{path}", json=body, headers=headers).raise_for_status()
