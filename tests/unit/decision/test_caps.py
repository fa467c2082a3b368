"""What is shown under a cap, and how often."""

import asyncio

import pytest

from app.decision.decide import Decided
from app.engine.records import CapDelivery
from app.engine.ruleset import Ruleset
from tests.builders import delivering, experiment, placement, rule, ruleset
from tests.unit.decision.asking import Asking, GoneAfterReading, viewed

THREE = placement("home.hero", "default", "offer", "other")


def capped(count: int = 1, **fields: object) -> Ruleset:
    """A site that shows `offer` at `home.hero` so often, and `other` once more in its place."""
    return ruleset(
        placements=[THREE],
        rules=[
            rule("first", priority=900, cap={"count": count}, **fields),
            rule("second", priority=800, cap={"count": 1}, deliver={"variant": "other"}),
        ],
    )


def shown(decided: Decided) -> str | None:
    return decided.decision.placements["home.hero"].variant


def deliveries(asking: Asking) -> list[str]:
    return [record.rule for record in asking.journal.records if isinstance(record, CapDelivery)]


async def test_what_is_used_up_leaves_the_placement_to_the_next_rule() -> None:
    asking = Asking(capped(2))

    seen = [shown(await asking.decide()) for _ in range(4)]

    assert seen == ["offer", "offer", "other", "default"]
    assert deliveries(asking) == ["first", "first", "second"]


async def test_page_loads_at_once_never_exceed_a_cap() -> None:
    asking = Asking(capped())

    seen = [shown(one) for one in await asyncio.gather(*(asking.decide() for _ in range(50)))]

    assert (seen.count("offer"), seen.count("other"), seen.count("default")) == (1, 1, 48)


async def test_a_rule_that_delivers_at_several_placements_uses_one_delivery() -> None:
    asking = Asking(
        ruleset(
            placements=[placement("a"), placement("b")],
            rules=[rule("r", placements=["a", "b"], cap={"count": 1})],
        )
    )

    both = await asking.decide(placements=["a", "b"])
    none = await asking.decide(placements=["a", "b"])

    assert [choice.variant for choice in both.decision.placements.values()] == ["offer", "offer"]
    assert [choice.variant for choice in none.decision.placements.values()] == ["default", "default"]


async def test_the_profile_remembers_what_was_delivered() -> None:
    asking = Asking(capped())
    await asking.decide()

    assert list((await asking.remembered()).caps) == ["first"]


async def test_what_the_profile_knows_of_is_not_asked_again() -> None:
    asking = Asking(capped())
    await asking.decide()
    await asking.decide()
    asking.caps.away = True

    assert (await asking.decide()).degraded == ()


async def test_where_nobody_can_tell_how_often_capped_rules_do_not_deliver() -> None:
    asking = Asking(capped())
    asking.caps.away = True

    decided = await asking.decide()

    assert (shown(decided), decided.degraded) == ("default", ("caps",))
    assert deliveries(asking) == []


async def test_where_the_profile_is_away_caps_are_not_even_asked() -> None:
    asking = Asking(capped())
    asking.profiles.away = True

    decided = await asking.decide()

    assert (shown(decided), decided.degraded) == ("default", ("profile", "caps"))


async def test_without_consent_to_a_profile_capped_rules_do_not_deliver() -> None:
    decided = await Asking(capped()).decide(consent={"personalization": False})

    assert (shown(decided), decided.degraded) == ("default", ())


async def test_an_experiment_under_a_cap_takes_nobody_in_once_it_is_used_up() -> None:
    hero = experiment(arms=[{"key": "only", "variants": {"home.hero": "offer"}}])
    asking = Asking(ruleset(experiments=[hero], rules=[delivering("hero-copy", cap={"count": 1})]))

    seen = [shown(await asking.decide()) for _ in range(2)]

    assert seen == ["offer", "default"]
    assert [assignment.first for assignment in asking.assignments] == [True]


async def test_what_was_reserved_is_delivered_where_the_journal_takes_no_record() -> None:
    asking = Asking(capped())
    asking.journal.full = True

    first, second = await asking.decide(), await asking.decide()

    assert (shown(first), first.degraded) == ("offer", ("journal",))
    assert shown(second) == "other"


async def test_a_delivery_that_did_not_reach_the_profile_counts_all_the_same() -> None:
    asking = Asking(capped(), GoneAfterReading())

    first = await asking.decide()
    asking.profiles.away = False
    second = await asking.decide(events=[viewed()])

    assert (shown(first), first.degraded) == ("offer", ("profile",))
    assert shown(second) == "other"


@pytest.mark.parametrize(("per_days", "variant"), [(1, "offer"), (None, "other")])
async def test_a_window_frees_what_was_delivered_before_it(per_days: float | None, variant: str) -> None:
    asking = Asking(ruleset(placements=[THREE], rules=_windowed(per_days)))
    await asking.decide()

    assert shown(await asking.decide_after_days(1)) == variant


def _windowed(per_days: float | None) -> list[dict[str, object]]:
    return [
        rule("first", priority=900, cap={"count": 1, "per_days": per_days}),
        rule("second", priority=800, deliver={"variant": "other"}),
    ]
