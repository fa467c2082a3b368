"""What testers see, and that nothing of it is kept."""

from typing import Any

import pytest

from app.decision.decide import Decided
from app.decision.explain import traces_of_preview
from app.decision.preview import Preview
from app.engine.forced import NOTHING_FORCED, Forced
from app.engine.reasons import Reason
from app.engine.ruleset import Ruleset
from tests.builders import NOW, delivering, experiment, rule, ruleset
from tests.fakes import FakeProfiles
from tests.unit.decision.asking import (
    BOTH,
    NONE,
    ONLY_ANALYTICS,
    SITE,
    VIEWED_ONCE,
    Asking,
    experimenting,
    page,
    telling,
    viewed,
)

CAPPED = rule("once", cap={"count": 1})
VIEWER = Forced(segments={"viewed": True})


class Testing:
    """A tester's page over the same fakes as everybody's."""

    def __init__(self, published: Ruleset | None, profiles: FakeProfiles | None = None) -> None:
        self.asking = Asking(published, profiles, sampled=100)
        self.published = published
        self._preview = Preview(self.asking.profiles, self.asking.caps)

    async def decide(self, forced: Forced = NOTHING_FORCED, by: Ruleset | None = None, **fields: Any) -> Decided:
        ruleset = by or self.published
        assert ruleset is not None
        return await self._preview.decide(page(**fields), ruleset, forced, NOW)

    async def decide_unlogged(self, **fields: Any) -> Decided:
        return await self._preview.decide_unlogged(page(**fields), self.published, NOW)

    def kept(self) -> list[object]:
        """List whatever anything has kept."""
        asking = self.asking
        return [
            *asking.journal.records,
            *asking.profiles.writes,
            *asking.history.offered,
            *asking.caps._delivered,
        ]


def rules_shown(decided: Decided) -> list[str | None]:
    return [choice.rule for choice in decided.decision.placements.values()]


async def test_the_ruleset_that_is_given_decides() -> None:
    testing = Testing(telling())

    decided = await testing.decide(by=ruleset(rules=[rule("new")]))

    assert rules_shown(decided) == ["new"]
    assert (decided.degraded, testing.kept()) == ((), [])


async def test_an_experiment_takes_the_tester_in_as_ever_and_nothing_is_logged() -> None:
    testing = Testing(experimenting())
    usual = await Asking(experimenting()).decide()

    decided = await testing.decide()

    choice = decided.decision.placements["home.hero"]
    assert choice == usual.decision.placements["home.hero"]
    assert (choice.reason, decided.decision.arms, testing.kept()) == (Reason.EXPERIMENT, (), [])


async def test_what_is_forced_is_shown_and_explained() -> None:
    testing = Testing(telling())

    decided = await testing.decide(VIEWER)

    assert decided.decision.placements["home.hero"].reason == Reason.PREVIEW
    assert decided.decision.segments == ("viewed",)
    traces = await traces_of_preview(decided.basis, telling(), VIEWER)
    assert [one.lacked for one in traces["home.hero"]] == [()]


async def test_the_profile_is_read_and_events_count_for_this_decision_alone() -> None:
    testing = Testing(telling())
    await testing.asking.views("e-1")
    before = testing.kept()

    decided = await testing.decide(events=[viewed("e-2"), viewed("e-1")], consent=BOTH)

    assert decided.decision.segments == ("viewed", "viewed-twice")
    assert testing.kept() == before
    assert (await testing.asking.remembered()).counters["page_viewed"].count == 1


async def test_a_user_on_a_new_device_takes_nothing_over() -> None:
    testing = Testing(telling())
    await testing.asking.views("e-1")
    before = testing.kept()

    decided = await testing.decide(user="u-1")

    assert decided.decision.segments == ("viewed",)
    assert testing.kept() == before


async def test_a_cap_with_room_is_shown_and_keeps_its_room() -> None:
    testing = Testing(ruleset(rules=[CAPPED]))

    for _ in range(3):
        assert rules_shown(await testing.decide()) == ["once"]
    assert testing.kept() == []
    assert rules_shown(await testing.asking.decide()) == ["once"]
    assert rules_shown(await testing.decide()) == [None]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"consent": NONE}, Reason.DEFAULT),
        ({"countable": False}, Reason.DEFAULT),
        ({"consent": ONLY_ANALYTICS}, Reason.EXPERIMENT),
    ],
)
async def test_who_is_never_taken_in_is_not_here_either(fields: dict[str, Any], reason: Reason) -> None:
    decided = await Testing(experimenting()).decide(**fields)

    assert decided.decision.placements["home.hero"].reason == reason


async def test_without_profiles_it_is_decided_on_the_context() -> None:
    testing = Testing(experimenting())
    testing.asking.profiles.away = True

    decided = await testing.decide(VIEWER)

    assert (decided.degraded, decided.decision.segments) == (("profile",), ("viewed",))
    assert decided.decision.placements["home.hero"].reason == Reason.DEFAULT


async def test_what_another_ruleset_asks_of_the_past_is_missing_and_not_filled_in() -> None:
    testing = Testing(ruleset())
    await testing.asking.views("e-1")
    before = testing.kept()

    decided = await testing.decide(by=telling())

    assert (decided.degraded, testing.kept()) == (("history",), before)


async def test_a_link_that_does_not_hold_leaves_the_page_as_it_is_in_force() -> None:
    testing = Testing(telling())

    decided = await testing.decide_unlogged(events=[viewed()])

    assert rules_shown(decided) == ["offer"]
    assert (decided.degraded, testing.kept()) == (("preview",), [])


async def test_by_a_link_that_does_not_hold_nobody_comes_by_what_is_counted() -> None:
    testing = Testing(
        ruleset(
            segments=[VIEWED_ONCE],
            experiments=[experiment()],
            rules=[CAPPED, delivering("hero-copy", priority=900)],
        )
    )

    decided = await testing.decide_unlogged()

    assert rules_shown(decided) == [None]
    assert (decided.degraded, testing.kept()) == (("preview", "caps"), [])


async def test_a_link_that_does_not_hold_changes_nothing_where_nothing_is_published() -> None:
    testing = Testing(None)

    assert (await testing.decide_unlogged()).degraded == ("preview", "revision")
    testing.asking.profiles.away = True
    assert (await testing.decide_unlogged()).degraded == ("preview", "revision", "profile")


async def test_a_profile_that_is_known_keeps_its_arm_by_any_link() -> None:
    testing = Testing(experimenting())
    arm = (await testing.asking.decide()).decision.placements["home.hero"].arm

    for decided in (await testing.decide(), await testing.decide_unlogged()):
        assert decided.decision.placements["home.hero"].arm == arm
    assert await testing.asking.profiles.load(SITE, "v-1")
