"""What becomes of a device's profile when a user is seen on it."""

import asyncio

import pytest

from app.engine.records import ConsentSaid, Merge
from tests.builders import NOW, delivering, experiment, rule, ruleset
from tests.unit.decision.asking import (
    BOTH,
    NONE,
    SITE,
    VIEWED_ONCE,
    VIEWED_TWICE,
    Asking,
    experimenting,
    telling,
    viewed,
)

USER, OTHER = "$user:u-1", "$user:u-2"


def merges(asking: Asking) -> list[tuple[str, str]]:
    return [(one.visitor, one.into) for one in asking.journal.records if isinstance(one, Merge)]


async def test_the_first_user_takes_over_what_the_device_has_gathered() -> None:
    asking = Asking(telling())
    await asking.views("e-1", "e-2")

    decided = await asking.decide(user="u-1")

    assert decided.decision.segments == ("viewed", "viewed-twice")
    assert (await asking.remembered(USER)).events == 2
    assert merges(asking) == [("v-1", USER)]


async def test_a_second_user_of_the_device_starts_fresh() -> None:
    asking = Asking(telling())
    await asking.views("e-1")
    await asking.decide(user="u-1")

    decided = await asking.decide(user="u-2")

    assert decided.decision.segments == ()
    assert merges(asking) == [("v-1", USER)]


async def test_after_logging_out_the_device_knows_nothing_of_its_user() -> None:
    asking = Asking(telling())
    await asking.views("e-1")
    await asking.decide(user="u-1", events=[viewed("e-2", visitor=USER)])

    assert (await asking.decide()).decision.segments == ()
    assert (await asking.decide(user="u-2")).decision.segments == ()


async def test_what_the_owner_did_logged_out_is_theirs_at_the_next_login() -> None:
    asking = Asking(telling())
    await asking.views("e-1")
    await asking.decide(user="u-1")
    await asking.views("e-2")

    assert (await asking.decide(user="u-2")).decision.segments == ()
    assert (await asking.decide(user="u-1")).decision.segments == ("viewed", "viewed-twice")
    assert (await asking.remembered(USER)).events == 2


async def test_logins_at_once_take_over_once() -> None:
    asking = Asking(telling())
    await asking.views("e-1")

    await asyncio.gather(*(asking.decide(user="u-1") for _ in range(20)))

    assert (await asking.remembered(USER)).events == 1
    assert (await asking.remembered("v-1")).owner == USER


async def test_two_users_at_once_share_nothing() -> None:
    asking = Asking(telling())
    await asking.views("e-1")

    await asyncio.gather(asking.decide(user="u-1"), asking.decide(user="u-2"))

    owner = (await asking.remembered("v-1")).owner
    events = {key: (await asking.remembered(key)).events for key in (USER, OTHER)}
    assert events == {USER: int(owner == USER), OTHER: int(owner == OTHER)}


async def test_of_two_arms_the_earlier_one_is_shown_on_both_devices() -> None:
    asking = Asking(ruleset(experiments=[experiment(unit="visitor")], rules=[delivering("hero-copy")]))
    arms: dict[str, str] = {}
    for visitor in ("v-1", "v-2", "v-3", "v-4", "v-5", "v-6"):
        decided = await asking.decide_after_days(len(arms), visitor=visitor)
        arms[visitor] = decided.decision.arms[0].arm
    first = "v-1"
    other = next(visitor for visitor, arm in arms.items() if arm != arms[first])

    for visitor in (other, first, other):
        decided = await asking.decide_after_days(9, visitor=visitor, user="u-1")
    assert decided.decision.placements["home.hero"].arm == arms[first]
    assert decided.decision.arms[0].first is False


async def test_a_device_keeps_what_was_shown_on_it() -> None:
    asking = Asking(
        ruleset(
            experiments=[experiment()],
            rules=[delivering("hero-copy"), rule("once", priority=900, cap={"count": 1})],
        )
    )
    await asking.decide()
    await asking.decide()
    before = await asking.remembered()

    await asking.decide(user="u-1")

    after = await asking.remembered()
    assert (after.arms, after.caps, after.first_ms) == (before.arms, before.caps, before.first_ms)
    assert (await asking.remembered(USER)).caps == before.caps


async def test_a_user_without_consent_takes_nothing_over() -> None:
    asking = Asking(telling())
    await asking.views("e-1")

    await asking.decide(user="u-1", consent=NONE)

    assert merges(asking) == []
    assert (await asking.remembered("v-1")).owner is None


async def test_what_the_device_was_denied_stays_denied_for_its_first_user() -> None:
    asking = Asking(telling())
    await asking.decide(consent=NONE)

    decided = await asking.decide(user="u-1", events=[viewed(visitor=USER)])

    assert decided.decision.segments == ()
    assert asking.events == []


async def test_what_a_user_denies_is_denied_on_every_device() -> None:
    asking = Asking(telling())
    await asking.decide(consent=NONE)
    await asking.decide(user="u-1", consent=NONE)

    decided = await asking.decide(visitor="v-2", user="u-1", events=[viewed(visitor=USER)])

    assert decided.decision.segments == ()
    assert asking.events == []


async def test_a_user_is_heard_once_whatever_the_device_says() -> None:
    asking = Asking(telling())
    await asking.decide(consent=NONE)
    for _ in range(3):
        await asking.decide(user="u-1", consent=NONE)

    said = [(one.visitor, one.said) for one in asking.journal.records if isinstance(one, ConsentSaid)]
    assert said == [("v-1", NONE), (USER, NONE)]


async def test_what_a_merge_brings_is_not_written_down_again() -> None:
    asking = Asking(telling())
    await asking.decide(consent=BOTH)
    await asking.decide(user="u-1", consent=BOTH)

    said = [one.visitor for one in asking.journal.records if isinstance(one, ConsentSaid)]
    assert (said, merges(asking)) == (["v-1"], [("v-1", USER)])


@pytest.mark.parametrize(
    ("by_device", "by_user", "kept"),
    [
        ((0, BOTH), (1, NONE), 0),
        ((0, NONE), (1, BOTH), 1),
        ((1, BOTH), (0, NONE), 1),
        ((1, NONE), (0, BOTH), 0),
    ],
)
async def test_of_what_a_user_and_a_device_say_the_later_counts(
    by_device: tuple[int, dict[str, bool]], by_user: tuple[int, dict[str, bool]], kept: int
) -> None:
    asking = Asking(telling())
    await asking.decide_after_days(by_device[0], consent=by_device[1])
    await asking.decide_after_days(by_user[0], visitor="v-2", user="u-1", consent=by_user[1])

    await asking.decide_after_days(2, user="u-1", events=[viewed(visitor=USER)])

    assert len(asking.events) == kept


async def test_a_user_who_says_once_more_what_a_device_has_since_answered_otherwise_is_heard() -> None:
    asking = Asking(telling())
    await asking.decide_after_days(0, visitor="v-2", user="u-1", consent=NONE)
    await asking.decide_after_days(1, consent=BOTH)
    await asking.decide_after_days(2, user="u-1", consent=NONE)

    await asking.decide_after_days(3, user="u-1", events=[viewed(visitor=USER)])

    assert asking.events == []


async def test_with_the_store_away_nobody_takes_anything_over() -> None:
    asking = Asking(telling())
    asking.profiles.away = True

    decided = await asking.decide(user="u-1")

    assert (merges(asking), decided.degraded) == ([], ("profile",))


async def test_a_merge_that_meets_a_busy_device_takes_all_of_it() -> None:
    asking = Asking(telling())
    await asking.views("e-1")

    await asyncio.gather(asking.decide(user="u-1"), *(asking.views(f"late-{number}") for number in range(10)))
    await asking.decide(user="u-1")

    assert (await asking.remembered(USER)).events == 11
    assert (await asking.remembered("v-1")).events == 0


async def test_who_lacks_what_a_revision_asks_for_has_it_filled_in_and_says_so() -> None:
    asking = Asking(experimenting())
    await asking.views("e-1")
    asking.rulesets.publish(SITE, ruleset(segments=[{"key": "s", "condition": {"events.x.count": 1}}]))

    decided = await asking.decide()

    assert decided.degraded == ("history",)
    assert asking.history.offered == [(SITE, "v-1")]


async def test_who_has_never_done_anything_lacks_no_history() -> None:
    asking = Asking(ruleset(segments=[VIEWED_ONCE, VIEWED_TWICE]))

    decided = await asking.decide()

    assert (decided.degraded, asking.history.offered) == ((), [])
    assert decided.basis.now == NOW
