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

CONFIG_AS_YAML = """\
site:
  timezone: Europe/London
placements:
- key: home.hero
  default: default
  variants:
  - key: default
    content:
      title: Welcome
rules:
- key: in-norway
  placements: [home.hero]
  audience:
    condition:
      context.country: NO  # text, as everything but numbers, true, false and null
  deliver:
    variant: default
"""

CHANGES: dict[str, Any] = {
    "added": ["/rules/1"],
    "changed": ["/rules/0"],
    "removed": [],
    "reordered": [],
    "details": {
        "resources": {
            "rules/hero-test": [
                {"pointer": "/priority", "before": 500, "after": 600},
                {"pointer": "/note", "after": "Higher than the sale"},
            ],
            "rules/sale": [
                {
                    "pointer": "",
                    "after": {
                        "key": "sale",
                        "placements": ["home.hero"],
                        "deliver": {"variant": "spring-sale"},
                    },
                }
            ],
        },
        "cut": False,
    },
}
