"""What holds of every decision, whoever asks and whatever is published."""

import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.profile import Profile
from app.engine.ruleset import Ruleset
from app.profiles.fold import fold
from tests.builders import (
    DAY,
    NOW,
    arm,
    assignment,
    decide,
    delivering,
    event,
    experiment,
    journey,
    placement,
    profile,
    rule,
    ruleset,
    segment,
)

VISITORS = 100_000
UNITS = [f"visitor-{n}" for n in range(VISITORS)]
EXAMPLES = settings(max_examples=60, deadline=None)
UNIT = st.text(min_size=1, max_size=40)
PERCENT = st.integers(0, 10_000).map(lambda bucket: bucket / 100)
COUNTRY = st.sampled_from(["DE", "FR", None])
NAMES = st.lists(st.sampled_from(["page_viewed", "product_added", "order_completed"]), max_size=8)


def site(**fields: Any) -> Ruleset:
    """A site on which rules, segments, stages, an experiment and the holdout all have a say."""
    return ruleset(
        placements=[placement("home.hero", "default", "offer", "german", "buyer")],
        segments=[segment("buyer", {"events.order_completed.count_30d": {"$gte": 1}})],
        journeys=[journey("new", {"key": "known", "when": {"events.page_viewed.count": {"$gte": 2}}})],
        experiments=[experiment(traffic=60)],
        rules=[
            rule(
                "german",
                priority=9,
                deliver={"variant": "german"},
                audience={"condition": {"context.country": "DE"}},
            ),
            rule("buyer", priority=8, deliver={"variant": "buyer"}, audience={"segments": ["buyer"]}),
            delivering("hero-copy", priority=7, audience={"stages": ["known"]}),
            rule("offer", priority=6, audience={"not_segments": ["buyer"], "stages": ["new"]}),
        ],
        **{"holdout": {"percent": 20}, **fields},
    )


SITE, SAME_SITE = site(), site()


@EXAMPLES
@given(unit=UNIT, names=NAMES, country=COUNTRY)
def test_the_same_question_has_the_same_answer_on_every_machine(
    unit: str, names: list[str], country: str | None
) -> None:
    events = [event(name, NOW - n * DAY) for n, name in enumerate(names)]
    asked: dict[str, Any] = {"context": {"country": country}, "visitor": unit}

    first = decide(SITE, profile(SITE, *events), **asked)

    assert decide(SAME_SITE, profile(SAME_SITE, *events), **asked) == first


@EXAMPLES
@given(unit=UNIT, percents=st.tuples(PERCENT, PERCENT).map(sorted))
def test_growing_the_traffic_moves_nobody_who_is_in(unit: str, percents: list[float]) -> None:
    less, more = (
        decide(
            ruleset(experiments=[experiment(traffic=percent)], rules=[delivering("hero-copy")]), visitor=unit
        )
        for percent in percents
    )

    if less.arms:
        assert more == less


@EXAMPLES
@given(unit=UNIT, percents=st.tuples(PERCENT, PERCENT).map(sorted))
def test_growing_the_holdout_lets_nobody_out(unit: str, percents: list[float]) -> None:
    less, more = (
        decide(ruleset(holdout={"percent": percent}), visitor=unit).placements["home.hero"].reason
        for percent in percents
    )

    assert (less, more) != ("holdout", "default")


TESTED = ("e0", "e1", "e2")
SHARES = st.tuples(
    st.lists(PERCENT, min_size=6, max_size=6, unique=True).map(sorted), st.permutations(TESTED)
).map(lambda drawn: dict(zip(drawn[1], zip(drawn[0][::2], drawn[0][1::2], strict=True), strict=True)))


def group_of(shares: dict[str, tuple[float, float]]) -> Ruleset:
    """Three running experiments of one group, each at a placement of its own."""
    return ruleset(
        placements=[placement(key) for key in TESTED],
        exclusion_groups=[{"key": "g"}],
        experiments=[
            experiment(key, arms=[{"key": "a"}], exclusion_group={"key": "g", "from": start, "to": end})
            for key, (start, end) in shares.items()
        ],
        rules=[delivering(key, placements=[key]) for key in TESTED],
    )


@EXAMPLES
@given(unit=UNIT, revisions=st.lists(SHARES, min_size=1, max_size=4))
def test_no_visitor_is_in_two_experiments_of_a_group(
    unit: str, revisions: list[dict[str, tuple[float, float]]]
) -> None:
    remembered = Profile()
    for shares in revisions:
        rules = group_of(shares)
        decision = decide(rules, remembered, placements=TESTED, visitor=unit)
        taken = [assignment(t.experiment, t.arm) for t in decision.arms]
        remembered = fold(remembered, taken, rules)
        assert len(taken) <= 1
        assert len(remembered.arms) <= 1


@pytest.mark.parametrize(
    "weights", [(1, 1), (1, 2), (1, 1, 1), (9, 1), (0.29, 0.71), (1, 0, 3, 2), (99.99, 0.01), (1,) * 7]
)
def test_arms_get_their_shares(weights: tuple[float, ...]) -> None:
    arms = [arm(f"a{n}", weight=weight) for n, weight in enumerate(weights)]
    tested = ruleset(experiments=[experiment("shares", arms=arms)]).experiments["shares"]
    counts = Counter(map(tested.arm_of, UNITS))

    for n, weight in enumerate(weights):
        share = weight / sum(weights)
        # A bucket is a ten-thousandth of the visitors, and five standard deviations happen once in millions.
        tolerance = VISITORS / 10_000 + 5 * math.sqrt(VISITORS * share * (1 - share))
        assert abs(counts[f"a{n}"] - VISITORS * share) <= tolerance


@pytest.mark.parametrize("percent", [0.5, 5, 33.3, 80])
def test_traffic_reaches_its_share(percent: float) -> None:
    tested = ruleset(experiments=[experiment("reach", traffic=percent)]).experiments["reach"]
    reached = sum(map(tested.in_traffic, UNITS))
    share = percent / 100

    assert abs(reached - VISITORS * share) <= 5 * math.sqrt(VISITORS * share * (1 - share))


def chi_square(pairs: list[tuple[Any, Any]]) -> float:
    """Pearson's statistic of two traits of the same visitors, 0 where one tells nothing of the other."""
    both = Counter(pairs)
    rows, columns = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    expected = {(a, b): rows[a] * columns[b] / len(pairs) for a in rows for b in columns}
    return sum((both[cell] - count) ** 2 / count for cell, count in expected.items())


# The statistic that independent traits with 2 x 3 values exceed once in a million.
ONCE_IN_A_MILLION = 27.63


def test_arms_of_two_experiments_are_independent() -> None:
    three = [arm("a"), arm("b"), arm("c")]
    one, two = (
        ruleset(experiments=[experiment("one"), experiment("two", arms=three)]).experiments[key]
        for key in ("one", "two")
    )

    assert chi_square([(one.arm_of(unit), two.arm_of(unit)) for unit in UNITS]) < ONCE_IN_A_MILLION


def test_arms_are_independent_of_traffic_and_of_the_group() -> None:
    share = {"key": "one", "from": 0, "to": 40}
    rules = ruleset(
        exclusion_groups=[{"key": "one"}],
        experiments=[experiment("one", traffic=30, exclusion_group=share)],
    )
    one = rules.experiments["one"]
    group = one.group
    assert group is not None
    seen = [(one.arm_of(u), one.in_traffic(u), group.admits(u)) for u in UNITS]

    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert chi_square([(traits[first], traits[second]) for traits in seen]) < ONCE_IN_A_MILLION


def test_the_same_salt_makes_experiments_dependent() -> None:
    same = ruleset(experiments=[experiment("one"), experiment("two", salt="one")]).experiments
    arms = [tuple(same[key].arm_of(f"visitor-{n}") for key in ("one", "two")) for n in range(1_000)]

    assert chi_square([(a, b) for a, b in arms]) > ONCE_IN_A_MILLION


@EXAMPLES
@given(names=st.lists(st.sampled_from("abc"), max_size=30), country=COUNTRY)
def test_a_decision_asks_and_changes_nothing(names: list[str], country: str | None) -> None:
    remembered = profile(SITE, *(event(name, NOW - n * DAY) for n, name in enumerate(names)))
    before = repr(remembered)

    decide(SITE, remembered, {"country": country})

    assert repr(remembered) == before
