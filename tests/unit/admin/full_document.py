"""A document in which every field of every part is said, and changes of it."""

import copy
from typing import Any

FULL: dict[str, Any] = {
    "site": {
        "origins": ["https://shop.example"],
        "timezone": "Europe/London",
        "default_locale": "en-GB",
        "consent": {"personalization": "denied", "analytics": "granted"},
        "expose": ["stage"],
        "retention": {"events_days": 90, "assignments_days": 3650, "decisions_days": 1},
        "identity_secret": "0123456789abcdef",
    },
    "placements": [
        {"key": "p", "default": "d", "variants": [{"key": "d", "content": {}, "locales": {"de_AT": ["x"]}}]}
    ],
    "segments": [{"key": "s", "condition": {"context.country": "DE"}}],
    "journeys": [
        {
            "key": "j",
            "primary": True,
            "stages": [
                {"key": "a"},
                {
                    "key": "b",
                    "when": {},
                    "stay": {},
                    "min_dwell_s": 1,
                    "decay_after_days": 0.5,
                    "precedence": -1,
                },
            ],
        }
    ],
    "metrics": [
        {
            "key": "m",
            "event": "order_completed",
            "kind": "ratio",
            "property": "value",
            "denominator": {"event": "page_viewed", "property": None},
            "window_days": 7,
            "where": {},
            "direction": "down",
            "cap": {"percentile": 0.99},
            "covariate_days": 30,
            "trusted": True,
        }
    ],
    "exclusion_groups": [{"key": "g", "salt": "g", "unit": "user"}],
    "experiments": [
        {
            "key": "e",
            "arms": [
                {"key": "a", "weight": 0.5, "variants": {"p": "d"}},
                {"key": "b", "variants": {"p": None}},
            ],
            "unit": "user",
            "before_login": "skip",
            "traffic": 12.5,
            "salt": "e",
            "sticky": False,
            "status": "stopped",
            "rollout": "a",
            "exclusion_group": {"key": "g", "from": 0, "to": 50},
            "primary_metric": "m",
            "metrics": [{"metric": "m", "role": "guardrail", "margin": 0.01}],
            "analysis": {
                "method": "fixed",
                "alpha": 0.1,
                "mde": 0.02,
                "planned_units": 100,
                "correction": "none",
            },
        }
    ],
    "rules": [
        {
            "key": "r",
            "placements": ["p"],
            "deliver": {"variant": "d"},
            "priority": 999,
            "audience": {"stages": ["a"], "segments": ["s"], "not_segments": [], "condition": {}},
            "schedule": {
                "starts_at": "2026-11-21T09:00:00+01:00",
                "ends_at": "2026-12-21T09:00:00Z",
                "timezone": "UTC",
                "windows": [{"days": [1, 7], "from": "22:00", "to": "24:00"}],
            },
            "consent": ["analytics"],
            "in_holdout": True,
            "theme": "t",
            "enabled": False,
            "owner": "o",
            "note": "n",
        }
    ],
    "holdout": {"percent": 5, "salt": "2026q4", "unit": "user", "metrics": ["m"]},
}


def with_value(path: str, value: object) -> dict[str, Any]:
    """Change one value of the full document, at a JSON pointer."""
    document = copy.deepcopy(FULL)
    *way, last = path.split("/")[1:]
    place: Any = document
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(last) if isinstance(place, list) else last] = value
    return document
