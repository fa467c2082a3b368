"""A profile as it was read: the state, its version, and which event ids were known."""

import msgspec

from app.engine.profile import Profile


class ProfilesUnavailable(Exception):  # noqa: N818 - named for what is the case, as the caller reads it
    """The profile store did not answer, or not in time."""


class Loaded(msgspec.Struct, frozen=True, gc=False):
    """What a load answers; a stranger's profile is empty and its version `ABSENT`."""

    profile: Profile
    version: bytes
    known_ids: frozenset[str] = frozenset()
