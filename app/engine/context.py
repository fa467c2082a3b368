"""What a request says of itself, as conditions ask for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.engine.paths import Lookup

# Where the edge puts the time zone that `timezone` names, once it has found it.
ZONE = "zone"


class Context(Lookup):
    """The context of one request; `hour` and ISO `weekday` (1 is Monday) are worked out when asked for."""

    __slots__ = ("_now", "_zone", "given")

    def __init__(self, given: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> None:
        self.given = given
        self._now = now
        self._zone = zone

    def get(self, key: str, /) -> object:
        """Answer one attribute; None where the request says nothing of it."""
        if key == "hour":
            return self._local().hour
        if key == "weekday":
            return self._local().isoweekday()
        return self.given.get(key)

    def _local(self) -> datetime:
        """Tell the time on the visitor's own clock, else on the site's."""
        zone = self.given.get(ZONE)
        return self._now.astimezone(zone if isinstance(zone, ZoneInfo) else self._zone)
