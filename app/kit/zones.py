"""Time zones by name."""

import re
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Files beside those of zones: what they say, and whether they are there, is up to each machine.
_MACHINES_OWN = re.compile(r"localtime|posixrules|Factory|(posix|right)/.*", re.DOTALL)


def is_machines_own(name: str) -> bool:
    """Whether a name stands for another zone on another machine, or for none there."""
    return _MACHINES_OWN.fullmatch(name) is not None


@lru_cache(maxsize=1_024)
def zone_of(name: str) -> ZoneInfo | None:
    """Find a time zone such as `Europe/London`; None where there is none of that name everywhere."""
    if is_machines_own(name):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
