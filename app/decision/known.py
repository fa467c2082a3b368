"""What is known of who asks: their own profile, and that of the device they are on."""

import asyncio

import msgspec

from app.decision.page_load import PageLoad
from app.decision.ports import Profiles
from app.engine.profile import Profile
from app.profiles.loaded import Loaded, ProfilesUnavailable
from app.profiles.merge import may_take_over


class Known(msgspec.Struct, frozen=True, gc=False):
    """Both as they were read; None where the store did not answer. Only a user has a `device` apart."""

    own: Loaded | None
    device: Loaded | None = None

    @property
    def profile(self) -> Profile:
        """Who asks, as far as is known."""
        return Profile() if self.own is None else self.own.profile

    def to_take_over(self, page: PageLoad) -> Profile | None:
        """Answer what the device has for its user; None where it has nothing, or has it for somebody else."""
        if self.own is None or self.device is None:
            return None
        device = self.device.profile
        return device if may_take_over(device, page.profile_key) else None


async def load_known(profiles: Profiles, page: PageLoad) -> Known:
    """Read who asks, at once where that is at hand. Nothing that is missing makes it fail."""
    # Which events are known already has to be of the same instant as what the profile counts.
    own = None if page.events else profiles.find_hot(page.site, page.profile_key)
    if page.user is None and own is not None:
        return Known(own)
    ids = [event.id for event in page.events]
    try:
        if page.user is None:
            return Known(await profiles.load(page.site, page.visitor, ids))
        device = profiles.find_hot(page.site, page.visitor)
        if own is not None and device is not None:
            return Known(own, device)
        return Known(
            *await asyncio.gather(
                profiles.load(page.site, page.profile_key, ids), profiles.load(page.site, page.visitor)
            )
        )
    except ProfilesUnavailable:
        return Known(None)
