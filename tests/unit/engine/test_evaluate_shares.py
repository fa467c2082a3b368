"""Exclusion groups and the holdout: whom experiments and personalization leave alone."""

from typing import Any

import msgspec
import pytest

from app.engine.arms import GENERIC, HOLDOUT, PERSONALIZED
from app.engine.decision import ArmTaken, Decision
from app.engine.profile import ArmHeld, Profile
from app.engine.reasons import Reason
from app.engine.ruleset import Ruleset
from tests.builders import decide, delivering, experiment, rule, ruleset, shown

# Known buckets: in the group hero v-1 falls into 4,939 and v-2 into 3,141; in the holdout 2026q4 v-1 falls
# into 4,159, v-2 into 3,248 and v-3 into 439.


def grouped(*shares: tuple[str, float, float], unit: str = "visitor", **fields: Any) -> Ruleset:
    """Experiments that share the group `hero`, the first listed with the highest priority."""
    return ruleset(
        exclusion_groups=[{"key": "hero", "unit": unit}],
        experiments=[
            experiment(key, exclusion_group={"key": "hero", "from": start, "to": end}, **fields)
            for key, start, end in shares
        ],
        rules=[delivering(key, priority=900 - n) for n, (key, _, _) in enumerate(shares)],
    )


def entered(decision: Decision) -> list[str]:
    return [taken.experiment for taken in decision.arms]


def holding(**arms: str) -> Profile:
    return Profile(arms={key.replace("holdout", HOLDOUT): ArmHeld(arm, 1, 5) for key, arm in arms.items()})


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([("a", 0, 50), ("b", 50, 100)], ["a"]),
        ([("a", 50, 100), ("b", 0, 50)], ["b"]),
        ([("a", 0, 49.39), ("b", 49.39, 49.4)], ["b"]),
        ([("a", 0, 49.39), ("b", 49.4, 100)], []),
    ],
)
def test_a_unit_enters_the_experiment_whose_share_it_falls_into(
    shares: list[tuple[str, float, float]], expected: list[str]
) -> None:
    assert entered(decide(grouped(*shares))) == expected


def neighbours(**of_a: Any) -> Ruleset:
    """Two experiments of one group: v-1 falls into the share of `b`, and `a` addresses Germans."""
    shares = {"a": {"key": "hero", "from": 50, "to": 100}, "b": {"key": "hero", "from": 0, "to": 50}}
    return ruleset(
        exclusion_groups=[{"key": "hero"}],
        experiments=[
            experiment("a", exclusion_group=shares["a"], **of_a),
            experiment("b", exclusion_group=shares["b"]),
        ],
        rules=[
            delivering("a", audience={"condition": {"context.country": "DE"}}, priority=900),
            delivering("b"),
        ],
    )


def test_who_stands_in_another_experiment_occupies_the_group() -> None:
    assert entered(decide(neighbours())) == ["b"]
    assert entered(decide(neighbours(), holding(a="control"))) == []
    assert entered(decide(neighbours(), holding(a="control"), {"country": "DE"})) == ["a"]


@pytest.mark.parametrize("status", ["stopped", "archived", "draft"])
def test_an_experiment_that_does_not_run_frees_the_group(status: str) -> None:
    assert entered(decide(neighbours(status=status), holding(a="control"))) == ["b"]


def test_an_experiment_of_another_group_occupies_nothing() -> None:
    rules = ruleset(
        exclusion_groups=[{"key": "hero"}, {"key": "side"}],
        experiments=[
            experiment("a", exclusion_group={"key": "side", "from": 0, "to": 100}),
            experiment("b", exclusion_group={"key": "hero", "from": 0, "to": 100}),
            experiment("c"),
        ],
        rules=[delivering("b")],
    )

    assert entered(decide(rules, holding(a="control", c="control"))) == ["b"]


def test_a_unit_in_an_experiment_stays_when_its_share_moves() -> None:
    rules = grouped(("a", 50, 100), ("b", 0, 50))

    assert entered(decide(rules, holding(a="control"))) == ["a"]


def test_a_group_has_a_salt_of_its_own() -> None:
    def halves(salt: str | None) -> list[list[str]]:
        rules = ruleset(
            exclusion_groups=[{"key": "hero", "salt": salt}],
            experiments=[experiment("a", exclusion_group={"key": "hero", "from": 0, "to": 50})],
            rules=[delivering("a")],
        )
        return [entered(decide(rules, visitor=f"v-{n}")) for n in range(64)]

    assert halves(None) == halves("hero") != halves("other")


@pytest.mark.parametrize(("user", "expected"), [(None, ["a"]), ("u-2", ["a"]), ("u-3", ["b"])])
def test_a_group_of_users_goes_by_the_user_once_known(user: str | None, expected: list[str]) -> None:
    # u-2 falls into bucket 2,102 of the group and u-3 into 5,949.
    assert entered(decide(grouped(("a", 0, 50), ("b", 50, 100), unit="user"), user=user)) == expected


def test_a_group_of_visitors_goes_by_the_visitor_whoever_logs_in() -> None:
    # u-3 would fall into the share of `b`.
    assert entered(decide(grouped(("a", 0, 50), ("b", 50, 100)), user="u-3")) == ["a"]


def kept_back(percent: float, *rules: dict[str, Any], **fields: Any) -> Ruleset:
    """A site with a holdout; one rule shows an offer to everybody else, unless others are given."""
    holdout = {"percent": percent, "salt": "2026q4", **fields}
    return ruleset(holdout=holdout, experiments=[experiment()], rules=rules or [rule("everybody")])


@pytest.mark.parametrize(
    ("visitor", "percent", "side"),
    [
        ("v-3", 4.39, PERSONALIZED),
        ("v-3", 4.4, GENERIC),
        ("v-1", 10, PERSONALIZED),
        ("v-1", 100, GENERIC),
    ],
)
def test_both_sides_of_a_holdout_are_logged(visitor: str, percent: float, side: str) -> None:
    decision = decide(kept_back(percent), visitor=visitor)

    assert decision.arms == (ArmTaken(HOLDOUT, side, 1, visitor, first=True),)
    assert (decision.placements["home.hero"].variant == "default") is (side == GENERIC)


def test_the_phase_of_the_holdout_is_on_its_assignments() -> None:
    rules = kept_back(100)
    later = msgspec.structs.replace(rules, holdout=msgspec.structs.replace(rules.holdout, phase=3))
    assert [taken.phase for taken in decide(later).arms] == [3]


def test_who_is_held_out_sees_the_default_and_is_told_so() -> None:
    choice = shown(kept_back(100))

    assert (choice.variant, choice.reason, choice.rule) == ("default", Reason.HOLDOUT, None)


def test_a_holdout_shows_in_the_reason_where_there_is_no_default_either() -> None:
    rules = ruleset(holdout={"percent": 100}, placements=[{"key": "home.hero"}])

    assert (shown(rules).variant, shown(rules).reason) == (None, Reason.HOLDOUT)


def test_a_holdout_of_nothing_logs_nothing() -> None:
    assert decide(kept_back(0)).arms == ()
    assert decide(kept_back(0), holding(holdout=GENERIC)).placements["home.hero"].reason == Reason.RULE


def test_rules_for_everybody_reach_who_is_held_out() -> None:
    legal = rule("legal", in_holdout=True, priority=1)
    rules = kept_back(100, rule("sale", priority=900), legal)

    assert shown(rules).rule == "legal"


def test_experiments_take_in_nobody_who_is_held_out() -> None:
    rules = kept_back(100, delivering("hero-copy"))

    assert entered(decide(rules)) == [HOLDOUT]
    assert entered(decide(rules, holding(**{"hero-copy": "control"}))) == [HOLDOUT]


def test_an_experiment_for_everybody_takes_in_who_is_held_out() -> None:
    decision = decide(kept_back(100, delivering("hero-copy", in_holdout=True)))

    assert entered(decision) == [HOLDOUT, "hero-copy"]


@pytest.mark.parametrize(("side", "reason"), [(GENERIC, Reason.HOLDOUT), (PERSONALIZED, Reason.RULE)])
def test_a_side_once_taken_is_kept(side: str, reason: Reason) -> None:
    # By its bucket v-1 would be held out of 42 percent, and v-2 of 32 would not.
    for visitor, percent in (("v-1", 42), ("v-2", 32)):
        decision = decide(kept_back(percent), holding(holdout=side), visitor=visitor)
        assert decision.placements["home.hero"].reason == reason
        assert decision.arms == (ArmTaken(HOLDOUT, side, 1, visitor, first=False),)


def test_who_cannot_be_taken_in_is_on_neither_side() -> None:
    decision = decide(kept_back(100), may_enter=False)

    assert (decision.placements["home.hero"].rule, decision.arms) == ("everybody", ())


def test_a_known_side_holds_unlogged_where_nothing_may_be_logged() -> None:
    decision = decide(kept_back(1), holding(holdout=GENERIC), may_enter=False, may_log=False)

    assert (decision.placements["home.hero"].reason, decision.arms) == (Reason.HOLDOUT, ())


def test_a_holdout_of_users_goes_by_the_user_once_known() -> None:
    # v-1 falls into bucket 4,159, u-2 into 2,137.
    rules = kept_back(30, unit="user")

    assert [(taken.arm, taken.unit) for taken in decide(rules).arms] == [(PERSONALIZED, "v-1")]
    assert [(taken.arm, taken.unit) for taken in decide(rules, user="u-2").arms] == [(GENERIC, "u-2")]


def test_a_holdout_of_visitors_goes_by_the_visitor_whoever_logs_in() -> None:
    assert [taken.unit for taken in decide(kept_back(30), user="u-2").arms] == ["v-1"]


def test_the_side_is_logged_before_any_arm_and_without_any_placement() -> None:
    rules = kept_back(1, delivering("hero-copy"))

    assert entered(decide(rules)) == [HOLDOUT, "hero-copy"]
    assert entered(decide(rules, placements=[])) == [HOLDOUT]
