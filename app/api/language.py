"""The language that a browser's user wants most, by `Accept-Language`."""

import re
from functools import lru_cache

_RANGE = re.compile(
    r"\s*(?P<tag>[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*[qQ]\s*=\s*(?P<weight>0(?:\.\d*)?|1(?:\.0*)?)\s*)?"
)


@lru_cache(maxsize=1_024)
def preferred_language(header: str) -> str | None:
    """Find the language of the highest weight, of equals the first; what cannot be read does not count."""
    readable = [found for part in header.split(",") if (found := _RANGE.fullmatch(part)) is not None]
    best = max(readable, key=_weight, default=None)
    # Weight 0 says: anything but that.
    return best["tag"] if best is not None and _weight(best) > 0 else None


def _weight(found: re.Match[str]) -> float:
    return 1.0 if found["weight"] is None else float(found["weight"])
