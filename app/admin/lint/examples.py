"""What is found in a site, as the OpenAPI document shows it."""

from typing import Any

LINT: dict[str, Any] = {
    "findings": [
        {
            "code": "rule_never_reached",
            "severity": "warning",
            "pointer": "/rules/1/placements/0",
            "message": "rule 'germans' never shows at 'home.hero': all it addresses get 'everybody' first",
            "others": ["/rules/0"],
            "example": {
                "visitor": {"id": "example"},
                "at": "2026-11-22T09:00:00.000Z",
                "context": {"country": "DE"},
                "placements": ["home.hero"],
            },
        }
    ],
    "unknown": [],
    "not_checked": [],
}
