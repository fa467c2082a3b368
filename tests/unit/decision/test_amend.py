from collections.abc import Sequence

import pytest

from app.decision.amend import Amend, TraitsTooLargeError
from app.engine.profile import Profile
from app.engine.records import Erase, Merge, TraitsSet, is_for_profiles
from app.journal.append import JournalUnavailable
from app.kit.clock import ms_of
from app.kit.ids import instant_in
from app.profiles.loaded import Loaded
from tests.builders import NOW, rule, ruleset, segment
from tests.fakes import FakeProfiles
from tests.unit.decision.asking import SITE, Asking, GoneAfterReading

GOLD = {"plan": {"tier": "gold"}}
RULES = ruleset(
    segments=[segment("gold", {"traits.plan.tier": "gold"})],
    rules=[rule("offer", audience={"segments": ["gold"]})],
)


def amending(asking: Asking) -> Amend:
    return Amend(asking.profiles, asking.journal, asking.rulesets)


def changes(asking: Asking) -> list[TraitsSet]:
    return [record for record in asking.journal.records if isinstance(record, TraitsSet)]


async def test_traits_are_durable_and_seen_by_the_next_decision() -> None:
    asking = Asking(RULES)

    await amending(asking).set_traits(SITE, "v-1", GOLD, NOW)

    [change] = changes(asking)
    assert (change.site, change.visitor, change.traits, change.at_ms) == (SITE, "v-1", GOLD, ms_of(NOW))
    assert (await asking.decide()).decision.segments == ("gold",)


async def test_a_patch_changes_what_it_names_and_leaves_the_rest() -> None:
    asking = Asking(RULES)
    await asking.views("e-1")
    for traits in ({"a": 1, "b": {"c": 1, "d": 2}, "e": 3}, {"b": {"c": None, "x": [1]}, "e": None, "f": 4}):
        await amending(asking).set_traits(SITE, "v-1", traits, NOW)

    remembered = await asking.remembered()

    assert remembered.traits == {"a": 1, "b": {"d": 2, "x": [1]}, "f": 4}
    assert remembered.events == 1


async def test_all_traits_together_have_a_bound() -> None:
    asking = Asking(RULES)
    amend, part = amending(asking), {"x": "y" * 20_000}
    for name in ("a", "b", "c"):
        await amend.set_traits(SITE, "v-1", {name: part}, NOW)

    with pytest.raises(TraitsTooLargeError):
        await amend.set_traits(SITE, "v-1", {"d": part}, NOW)
    await amend.set_traits(SITE, "v-1", {"c": None, "d": part}, NOW)

    assert [*(await asking.remembered()).traits] == ["a", "b", "d"]
    assert len(changes(asking)) == 4


async def test_traits_of_a_user_are_not_those_of_the_device() -> None:
    asking = Asking(RULES)

    await amending(asking).set_traits(SITE, "$user:u-1", GOLD, NOW)

    assert (await asking.decide()).decision.segments == ()
    assert (await asking.decide(user="u-1")).decision.segments == ("gold",)


class Overtaken(FakeProfiles):
    """A store in which somebody else sets a trait before the first write."""

    async def save(
        self, site: int, visitor: str, loaded: Loaded, profile: Profile, event_ids: Sequence[str] = ()
    ) -> bool:
        if not self.writes:
            await super().save(site, visitor, await super().load(site, visitor), Profile(traits={"a": 1}))
        return await super().save(site, visitor, loaded, profile, event_ids)


async def test_what_somebody_else_writes_at_the_same_time_stays() -> None:
    asking = Asking(RULES, Overtaken())

    await amending(asking).set_traits(SITE, "v-1", GOLD, NOW)

    assert (await asking.remembered()).traits == {"a": 1, **GOLD}


async def test_traits_are_accepted_while_profiles_are_away() -> None:
    asking = Asking(RULES)
    asking.profiles.away = True

    await amending(asking).set_traits(SITE, "v-1", GOLD, NOW)

    assert [change.traits for change in changes(asking)] == [GOLD]


async def test_traits_are_accepted_when_profiles_go_away_on_the_way() -> None:
    asking = Asking(RULES, GoneAfterReading())

    await amending(asking).set_traits(SITE, "v-1", GOLD, NOW)

    assert [change.traits for change in changes(asking)] == [GOLD]


async def test_what_cannot_be_made_durable_is_kept_nowhere() -> None:
    asking = Asking(RULES)
    asking.journal.full = True

    with pytest.raises(JournalUnavailable):
        await amending(asking).set_traits(SITE, "v-1", GOLD, NOW)

    assert (await asking.remembered()).traits == {}


@pytest.mark.parametrize("ahead_ms", [-60_000, 0, 60_000])
async def test_an_undoing_comes_after_its_merge_whatever_the_clocks_say(ahead_ms: int) -> None:
    asking = Asking(RULES)
    merge = Merge(SITE, "v-1", "m", "$user:u-1", ms_of(NOW) + ahead_ms)

    unmerge = await amending(asking).undo(merge, NOW)

    assert asking.journal.records == [unmerge]
    assert (unmerge.site, unmerge.visitor, unmerge.into) == (SITE, "v-1", "$user:u-1")
    assert unmerge.at_ms > merge.at_ms
    assert unmerge.at_ms >= ms_of(NOW)
    at = instant_in(unmerge.id)
    assert at is not None
    assert ms_of(at) == unmerge.at_ms


async def test_an_erasure_is_recorded_and_leaves_the_profile_to_the_shipper() -> None:
    asking = Asking(RULES)
    await asking.views("e-1")
    before = len(asking.journal.records)

    erase = await amending(asking).erase(SITE, "v-1", NOW)

    assert asking.journal.records[before:] == [erase]
    assert (erase.site, erase.visitor, erase.at_ms) == (SITE, "v-1", ms_of(NOW))
    assert instant_in(erase.id) == NOW
    assert (await asking.remembered()).events == 1


async def test_an_erasure_that_cannot_be_made_durable_is_said_to_be_none() -> None:
    asking = Asking(RULES)
    asking.journal.full = True

    with pytest.raises(JournalUnavailable):
        await amending(asking).erase(SITE, "v-1", NOW)


def test_a_tombstone_is_folded_into_no_profile() -> None:
    assert not is_for_profiles(Erase(SITE, "v-1", "x", 1))
