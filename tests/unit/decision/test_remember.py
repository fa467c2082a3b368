from collections.abc import Sequence

import pytest

from app.decision.remember import ATTEMPTS, remember
from app.engine.profile import Profile
from app.profiles.fold import fold
from app.profiles.loaded import Loaded, ProfilesUnavailable
from tests.builders import assignment, merge
from tests.fakes import FakeProfiles
from tests.unit.decision.asking import SITE, telling, viewed


async def test_what_somebody_else_has_written_meanwhile_stays() -> None:
    profiles, rules = FakeProfiles(), telling()
    seen_by_both = await profiles.load(SITE, "v-1")

    await remember(profiles, seen_by_both, [viewed("e-1")], rules)
    await remember(profiles, seen_by_both, [viewed("e-2")], rules)

    after = await profiles.load(SITE, "v-1", ["e-1", "e-2"])
    assert after.profile.counters["page_viewed"].count == 2
    assert after.known_ids == {"e-1", "e-2"}


async def test_an_event_that_somebody_else_has_folded_is_not_folded_again() -> None:
    profiles, rules = FakeProfiles(), telling()
    seen_by_both = await profiles.load(SITE, "v-1")
    await remember(profiles, seen_by_both, [viewed("e-1")], rules)

    await remember(profiles, seen_by_both, [viewed("e-1"), viewed("e-2")], rules)
    await remember(profiles, seen_by_both, [viewed("e-1")], rules)

    assert (await profiles.load(SITE, "v-1")).profile.counters["page_viewed"].count == 2
    assert len(profiles.writes) == 2


async def test_what_was_folded_ahead_counts_only_while_the_profile_is_as_it_was_loaded() -> None:
    profiles, rules = FakeProfiles(), telling()
    seen_by_both = await profiles.load(SITE, "v-1")

    for record in (viewed("e-1"), viewed("e-2")):
        ahead = fold(seen_by_both.profile, [record], rules)
        await remember(profiles, seen_by_both, [record], rules, folded=ahead)

    assert (await profiles.load(SITE, "v-1")).profile.counters["page_viewed"].count == 2


async def test_of_two_first_arms_the_one_that_was_written_first_stays() -> None:
    profiles, rules = FakeProfiles(), telling()
    seen_by_both = await profiles.load(SITE, "v-1")

    for arm in ("control", "treatment"):
        await remember(profiles, seen_by_both, [assignment("hero-copy", arm)], rules)

    assert (await profiles.load(SITE, "v-1")).profile.arms["hero-copy"].arm == "control"


class Contested(FakeProfiles):
    """A profile to which somebody else is always quicker."""

    def __init__(self) -> None:
        super().__init__()
        self.attempts = 0

    async def save(
        self, site: int, visitor: str, loaded: Loaded, profile: Profile, event_ids: Sequence[str] = ()
    ) -> bool:
        self.attempts += 1
        await super().save(site, visitor, await super().load(site, visitor), Profile())
        return await super().save(site, visitor, loaded, profile, event_ids)


async def test_who_is_always_too_late_gives_up_in_the_end() -> None:
    profiles = Contested()

    with pytest.raises(ProfilesUnavailable, match=f"{ATTEMPTS} attempts"):
        await remember(profiles, await profiles.load(SITE, "v-1"), [viewed()], telling())

    assert profiles.attempts == ATTEMPTS


async def test_who_never_gets_hold_of_a_device_gives_up_in_the_end() -> None:
    profiles = Contested()
    device, user = await profiles.load(SITE, "v-1"), await profiles.load(SITE, "$user:u-1")

    with pytest.raises(ProfilesUnavailable, match=f"{ATTEMPTS} attempts"):
        await remember(profiles, user, [merge()], telling(), device)

    assert (SITE, "$user:u-1") not in profiles.writes
