"""How a patch changes traits: pure."""

from collections.abc import Mapping
from typing import Any

from app.profiles.count import number_of

_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def patched(traits: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Answer traits after a JSON merge patch (RFC 7396): objects are patched in turn, a null takes away."""
    after = dict(traits)
    for name, value in patch.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, dict):
            known = after.get(name)
            after[name] = patched(known if isinstance(known, dict) else {}, value)
        else:
            after[name] = _storable(value)
    return after


def _storable(value: Any) -> Any:
    """Make a number that no stored profile can hold the nearest that it can."""
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {name: _storable(item) for name, item in value.items()}
    if isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
        return number_of(value)
    return value
