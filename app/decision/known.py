"""What is known of who asks: their own profile, and that of the device they are on."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from app.decision.page_load import PageLoad
from app.decision.ports import Profiles
from app.engine.profile import ConsentHeld, Profile
from app.profiles.loaded import Loaded, ProfilesUnavailable
from app.profiles.merge import latest, may_take_over


class Known(msgspec.Struct, frozen=True, gc=False):
    """Both as they were read; None where the store did not answer. Only a user has a `device` apart."""

    own: Loaded | None
    device: Loaded | None = None

    @property
    def profile(self) -> Profile:
        """Who asks, as far as is known."""
        return Profile() if self.own is None else self.own.profile

    def to_take_over(self, into: str) -> Profile | None:
        """Answer what the device has for its user; None where it has nothing, or has it for somebody else."""
        if self.own is None or self.device is None:
            return None
        device = self.device.profile
        return device if may_take_over(device, into) else None


def consent_of(own: Profile, device: Profile | None) -> Mapping[str, ConsentHeld]:
    """Tell what was said of consent by who asks, or on a `device` that they are to take over."""
    return own.consent if device is None else latest(own.consent, device.consent)


async def load_known(profiles: Profiles, page: PageLoad) -> Known:
    """Read who asks, at once where that is at hand. Nothing that is missing makes it fail."""
    # Which events are known already has to be of the same instant as what the profile counts.
    own = None if page.events else profiles.find_hot(page.site, page.profile_key)
    if page.user is None and own is not None:
        return Known(own)
    ids = [event.id for event in page.events]
    if page.user is None:
        return await load_both(profiles, page.site, page.visitor, None, ids)
    device = profiles.find_hot(page.site, page.visitor)
    if own is not None and device is not None:
        return Known(own, device)
    return await load_both(profiles, page.site, page.profile_key, page.visitor, ids)


async def load_both(
    profiles: Profiles, site: int, visitor: str, device: str | None, event_ids: Sequence[str]
) -> Known:
    """Read a profile, which event ids are known, and the profile of a device; neither, where one fails."""
    try:
        if device is None:
            return Known(await profiles.load(site, visitor, event_ids))
        return Known(
            *await asyncio.gather(profiles.load(site, visitor, event_ids), profiles.load(site, device))
        )
    except ProfilesUnavailable:
        return Known(None)
