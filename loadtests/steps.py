"""One step of a journey, whatever source it came from."""

from typing import Any

import msgspec


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor did at one instant, and what its next page then asks for.

    `at_ms` is milliseconds since 1970 UTC. `id` is the same however often the source is read, and sorts as
    the source is ordered. `placements` is empty where the page stays as it is, so that nothing is decided.
    """

    visitor: str
    at_ms: int
    id: str
    name: str
    properties: dict[str, Any]
    placements: tuple[str, ...]
    context: dict[str, Any]


class JourneyError(ValueError):
    """A source cannot be read; the message names the file and the line."""
