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
    VIEWED_ONCE,
    Asking,
    experimenting,
    page,
    telling,
    viewed,
)

CAPPED = rule("once", cap={"count": 1})
VIEWER = Forced(segments={"viewed": True})


class Looking:
    """A tester's page over the same fakes as everybody's."""

    def __init__(self, published: Ruleset | None, profiles: FakeProfiles | None = None) -> None:
        self.asking = Asking(published, profiles, sampled=100)
        self.published = published
        self._preview = Preview(self.asking.profiles, self.asking.caps)

    async def decide(
        self, forced: Forced = NOTHING_FORCED, by: Ruleset | None = None, **fields: Any
    ) -> Decided:
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
    looking = Looking(telling())

    decided = await looking.decide(by=ruleset(rules=[rule("new")]))

    assert rules_shown(decided) == ["new"]
    assert (decided.degraded, looking.kept()) == ((), [])


async def test_an_experiment_takes_the_tester_in_as_ever_and_nothing_is_logged() -> None:
    looking = Looking(experimenting())
    usual = await Asking(experimenting()).decide()

    decided = await looking.decide()

    choice = decided.decision.placements["home.hero"]
    assert choice == usual.decision.placements["home.hero"]
    assert (choice.reason, decided.decision.arms, looking.kept()) == (Reason.EXPERIMENT, (), [])


async def test_what_is_forced_is_shown_and_explained() -> None:
    looking = Looking(telling())

    decided = await looking.decide(VIEWER)

    assert decided.decision.placements["home.hero"].reason == Reason.PREVIEW
    assert decided.decision.segments == ("viewed",)
    traces = await traces_of_preview(decided.basis, telling(), VIEWER)
    assert [one.lacked for one in traces["home.hero"]] == [()]


async def test_the_profile_is_read_and_events_count_for_this_decision_alone() -> None:
    looking = Looking(telling())
    await looking.asking.views("e-1")
    before = looking.kept()

    decided = await looking.decide(events=[viewed("e-2"), viewed("e-1")], consent=BOTH)

    assert decided.decision.segments == ("viewed", "viewed-twice")
    assert looking.kept() == before
    assert (await looking.asking.remembered()).counters["page_viewed"].count == 1


async def test_a_user_on_a_new_device_takes_nothing_over() -> None:
    looking = Looking(telling())
    await looking.asking.views("e-1")
    before = looking.kept()

    decided = await looking.decide(user="u-1")

    assert decided.decision.segments == ("viewed",)
    assert looking.kept() == before


async def test_a_cap_with_room_is_shown_and_keeps_its_room() -> None:
    looking = Looking(ruleset(rules=[CAPPED]))

    for _ in range(3):
        assert rules_shown(await looking.decide()) == ["once"]
    assert looking.kept() == []
    assert rules_shown(await looking.asking.decide()) == ["once"]
    assert rules_shown(await looking.decide()) == [None]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"consent": NONE}, Reason.DEFAULT),
        ({"countable": False}, Reason.DEFAULT),
        ({"consent": ONLY_ANALYTICS}, Reason.EXPERIMENT),
    ],
)
async def test_who_is_never_taken_in_is_not_here_either(fields: dict[str, Any], reason: Reason) -> None:
    decided = await Looking(experimenting()).decide(**fields)

    assert decided.decision.placements["home.hero"].reason == reason


async def test_without_profiles_it_is_decided_on_the_context() -> None:
    looking = Looking(experimenting())
    looking.asking.profiles.away = True

    decided = await looking.decide(VIEWER)

    assert (decided.degraded, decided.decision.segments) == (("profile",), ("viewed",))
    assert decided.decision.placements["home.hero"].reason == Reason.DEFAULT


async def test_what_another_ruleset_asks_of_the_past_is_missing_and_not_filled_in() -> None:
    looking = Looking(ruleset())
    await looking.asking.views("e-1")
    before = looking.kept()

    decided = await looking.decide(by=telling())

    assert (decided.degraded, looking.kept()) == (("history",), before)


async def test_a_link_that_does_not_hold_leaves_the_page_as_it_is_in_force() -> None:
    looking = Looking(telling())

    decided = await looking.decide_unlogged(events=[viewed()])

    assert rules_shown(decided) == ["offer"]
    assert (decided.degraded, looking.kept()) == (("preview",), [])


async def test_by_a_link_that_does_not_hold_nobody_comes_by_what_is_counted() -> None:
    looking = Looking(
        ruleset(
            segments=[VIEWED_ONCE],
            experiments=[experiment()],
            rules=[CAPPED, delivering("hero-copy", priority=900)],
        )
    )

    decided = await looking.decide_unlogged()

    assert rules_shown(decided) == [None]
    assert (decided.degraded, looking.kept()) == (("preview", "caps"), [])


async def test_a_link_that_does_not_hold_changes_nothing_where_nothing_is_published() -> None:
    looking = Looking(None)

    assert (await looking.decide_unlogged()).degraded == ("preview", "revision")
    looking.asking.profiles.away = True
    assert (await looking.decide_unlogged()).degraded == ("preview", "revision", "profile")


async def test_a_profile_that_is_known_keeps_its_arm_by_any_link() -> None:
    looking = Looking(experimenting())
    arm = (await looking.asking.decide()).decision.placements["home.hero"].arm

    for decided in (await looking.decide(), await looking.decide_unlogged()):
        assert decided.decision.placements["home.hero"].arm == arm
