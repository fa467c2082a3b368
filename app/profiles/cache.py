"""Where decisions find profiles, as those see it who bring it up to date behind them."""

from collections.abc import Sequence
from typing import Protocol

from app.engine.profile import Profile
from app.profiles.loaded import Loaded


class Cache(Protocol):
    """Where decisions find profiles."""

    async def load(self, site: int, visitor: str, event_ids: Sequence[str] = ()) -> Loaded:
        """Read a profile; its version is `ABSENT` where the cache has none."""
        ...

    async def save(
        self, site: int, visitor: str, loaded: Loaded, profile: Profile, event_ids: Sequence[str] = ()
    ) -> bool:
        """Replace the profile that was loaded; False where it has changed since."""
        ...
