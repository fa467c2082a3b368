"""A site to preview."""

from typing import Any

from tests.builders import delivering, experiment, journey, rule, segment

URL = "/api/v1/preview-links"
VIEWED = segment("viewed", {"events.page_viewed.count": {"$gte": 1}})
SITE: dict[str, Any] = {
    "site": {"origins": ["https://shop.example"]},
    "segments": [VIEWED],
    "journeys": [journey("new", {"key": "known", "when": {"traits.known": True}})],
    "experiments": [experiment()],
    "rules": [
        rule("viewer", priority=900, audience={"segments": ["viewed"]}),
        rule("known", priority=800, audience={"stages": ["known"]}, cap={"count": 1}),
        delivering("hero-copy"),
    ],
}
PAGE = "https://shop.example"
