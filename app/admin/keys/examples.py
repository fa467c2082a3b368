"""Keys as the OpenAPI document shows them."""

from typing import Any

KEY: dict[str, Any] = {
    "id": "0193f1c2-7c1e-7b3a-9d55-3f2b8a1c0e11",
    "kind": "secret",
    "role": "editor",
    "name": "CMS, production",
    "state": "in_force",
    "created_at": "2026-11-21T09:00:00Z",
    "expires_at": "2027-11-21T09:00:00Z",
    "revoked_at": None,
    "last_used_at": "2026-11-22T07:15:03Z",
    "replaced_by": None,
}
MADE: dict[str, Any] = {**KEY, "last_used_at": None, "key": "sk_Zr0m1x…"}
KEYS: dict[str, Any] = {"items": [KEY], "next_cursor": None}
WANTED = {
    "an editor": {
        "value": {
            "kind": "secret",
            "role": "editor",
            "name": "CMS, production",
            "expires_at": "2027-11-21T09:00:00Z",
        }
    },
    "pages": {"value": {"kind": "public", "name": "Shop, web"}},
}
PATCH = {
    "less": {"value": {"role": "viewer"}},
    "a longer life": {"value": {"expires_at": "2028-01-01T00:00:00Z"}},
}
ROTATION = {"a day of both": {"value": {"overlap_s": 86_400}}}
