"""Assignment: who is in an experiment, in which arm, and what is logged of it."""

from typing import Any

import pytest

from app.engine.decision import ArmTaken, Decision
from app.engine.profile import ArmHeld, Profile
from app.engine.reasons import Reason
from app.engine.ruleset import Ruleset
from tests.builders import arm, decide, delivering, experiment, placement, rule, ruleset, shown

# Known buckets: in the arms of hero-copy v-1 falls into 9,656 (treatment) and v-2 into 993 (control);
# in its traffic v-1 into 6,057 and v-2 into 5,237.


def running(*more: dict[str, Any], **fields: Any) -> Ruleset:
    """A ruleset that delivers one experiment before whatever else it does."""
    tested = experiment(**fields)
    rules = [delivering("hero-copy", priority=900), *more]
    variants = placement("home.hero", "default", "offer", "other")
    return ruleset(placements=[variants], experiments=[tested], rules=rules)


def holding(arm_: str, **others: str) -> Profile:
    arms = {"hero-copy": arm_, **others}
    return Profile(arms={key: ArmHeld(held, 1, 5) for key, held in arms.items()})


def taken(decision: Decision) -> list[tuple[str, str, bool]]:
    return [(a.experiment, a.arm, a.first) for a in decision.arms]


@pytest.mark.parametrize(
    ("visitor", "arm_", "shows"), [("v-1", "treatment", "offer"), ("v-2", "control", "default")]
)
def test_an_experiment_shows_the_variant_of_the_arm(visitor: str, arm_: str, shows: str) -> None:
    decision = decide(running(phase=3), visitor=visitor)
    choice = decision.placements["home.hero"]

    assert (choice.variant, choice.reason, choice.rule) == (shows, Reason.EXPERIMENT, "hero-copy-rule")
    assert (choice.experiment, choice.arm) == ("hero-copy", arm_)
    assert decision.arms == (ArmTaken("hero-copy", arm_, 3, visitor, first=True),)


def test_an_experiment_stands_where_its_rule_stands() -> None:
    decision = decide(running(rule("above", priority=999)))

    assert decision.placements["home.hero"].rule == "above"
    assert decision.arms == ()


def test_who_is_not_addressed_is_not_assigned() -> None:
    rules = ruleset(
        experiments=[experiment()],
        rules=[delivering("hero-copy", audience={"condition": {"context.country": "DE"}})],
    )

    assert decide(rules, holding("treatment")).arms == ()
    assert decide(rules, context={"country": "DE"}).arms != ()


@pytest.mark.parametrize(("visitor", "reached"), [("v-1", False), ("v-2", True)])
def test_who_is_outside_the_traffic_goes_on_to_the_next_rule(visitor: str, reached: object) -> None:
    rules = running(rule("next", deliver={"variant": "other"}), traffic=55)
    decision = decide(rules, visitor=visitor)

    assert (decision.placements["home.hero"].reason == Reason.EXPERIMENT) is reached
    assert (decision.placements["home.hero"].variant == "other") is not reached
    assert bool(decision.arms) is reached


def test_who_is_in_stays_in_when_the_traffic_shrinks() -> None:
    decision = decide(running(traffic=0), holding("control"))

    assert taken(decision) == [("hero-copy", "control", False)]


def test_the_first_arm_is_kept() -> None:
    kept = ArmTaken("hero-copy", "control", 1, "v-1", first=False)

    assert decide(running(), holding("control")).arms == (kept,)
    assert shown(running(), holding("control")).variant == "default"


def test_an_arm_is_kept_when_the_weights_move_the_bucket() -> None:
    moved = [arm("control", "default", weight=999), arm("treatment", weight=1)]

    assert taken(decide(running(arms=moved), holding("treatment"))) == [("hero-copy", "treatment", False)]
    assert taken(decide(running(arms=moved))) == [("hero-copy", "control", True)]


def test_without_stickiness_the_bucket_decides_each_time() -> None:
    rules = running(sticky=False)

    assert taken(decide(rules, holding("control"))) == [("hero-copy", "treatment", False)]
    assert decide(running(sticky=False, traffic=0), holding("control")).arms == ()


def test_without_stickiness_too_who_is_in_stays_in_where_nobody_may_enter() -> None:
    rules = running(sticky=False)

    assert taken(decide(rules, holding("control"), may_enter=False)) == [("hero-copy", "treatment", False)]
    assert decide(rules, may_enter=False).arms == ()


def test_an_arm_that_is_no_more_is_not_kept() -> None:
    assert taken(decide(running(), holding("gone"))) == [("hero-copy", "treatment", False)]
    assert decide(running(traffic=0), holding("gone")).arms == ()


@pytest.mark.parametrize("variants", [{"home.hero": None}, {}])
def test_an_arm_without_a_variant_is_logged_and_the_next_rule_decides(variants: dict[str, None]) -> None:
    business_as_usual = [{"key": "usual", "variants": variants}]
    decision = decide(running(rule("next"), arms=business_as_usual))
    choice = decision.placements["home.hero"]

    assert (choice.reason, choice.rule, choice.experiment, choice.arm) == (Reason.RULE, "next", None, None)
    assert taken(decision) == [("hero-copy", "usual", True)]


def test_business_as_usual_may_be_the_default() -> None:
    choice = shown(running(arms=[arm("usual", None)]))

    assert (choice.variant, choice.reason) == ("default", Reason.DEFAULT)


def test_one_experiment_spans_placements_and_is_logged_once() -> None:
    spans = {"key": "both", "variants": {"top": "offer", "side": "offer", "foot": None}}
    rules = ruleset(
        placements=[placement(key) for key in ("top", "side", "foot")],
        experiments=[experiment(arms=[spans])],
        rules=[delivering("hero-copy", placements=["top", "side", "foot"])],
    )
    decision = decide(rules, placements=["top", "side", "foot"])

    assert [choice.variant for choice in decision.placements.values()] == ["offer", "offer", "default"]
    assert taken(decision) == [("hero-copy", "both", True)]


def test_two_rules_of_one_experiment_log_it_once() -> None:
    rules = ruleset(
        placements=[placement("top"), placement("side")],
        experiments=[experiment(arms=[{"key": "a", "variants": {"top": "offer", "side": "offer"}}])],
        rules=[
            delivering("hero-copy", key="r1", placements=["top"]),
            delivering("hero-copy", key="r2", placements=["side"]),
        ],
    )
    decision = decide(rules, placements=["top", "side"])

    assert [choice.rule for choice in decision.placements.values()] == ["r1", "r2"]
    assert len(decision.arms) == 1


@pytest.mark.parametrize("status", ["draft", "archived", "stopped"])
def test_a_rule_whose_experiment_does_not_run_is_passed_over(status: str) -> None:
    decision = decide(running(rule("next"), status=status), holding("treatment"))

    assert decision.placements["home.hero"].rule == "next"
    assert decision.arms == ()


@pytest.mark.parametrize(("status", "reason"), [("draft", Reason.DEFAULT), ("archived", Reason.DEFAULT)])
def test_a_roll_out_waits_for_the_stop(status: str, reason: Reason) -> None:
    assert shown(running(status=status, rollout="treatment")).reason == reason


def test_a_running_experiment_ignores_its_roll_out() -> None:
    assert shown(running(rollout="treatment"), visitor="v-2").arm == "control"


def test_a_roll_out_delivers_its_arm_to_everybody_unlogged() -> None:
    rules = running(status="stopped", rollout="treatment", traffic=0, unit="user", before_login="skip")
    decision = decide(rules, holding("control"), may_enter=False)
    choice = decision.placements["home.hero"]

    assert (choice.variant, choice.reason, choice.rule) == ("offer", Reason.RULE, "hero-copy-rule")
    assert (choice.experiment, choice.arm, decision.arms) == (None, None, ())


def test_a_roll_out_of_business_as_usual_goes_on_to_the_next_rule() -> None:
    rules = running(rule("next"), arms=[arm("usual", None)], status="stopped", rollout="usual")

    assert shown(rules).rule == "next"


def test_who_cannot_be_taken_in_goes_on_as_if_outside_the_traffic() -> None:
    decision = decide(running(rule("next")), may_enter=False)

    assert decision.placements["home.hero"].rule == "next"
    assert decision.arms == ()


def test_who_cannot_be_taken_in_keeps_a_known_arm() -> None:
    decision = decide(running(), holding("control"), may_enter=False)

    assert taken(decision) == [("hero-copy", "control", False)]


def test_a_known_arm_is_shown_unlogged_where_nothing_may_be_logged() -> None:
    decision = decide(running(), holding("control"), may_enter=False, may_log=False)

    assert (decision.placements["home.hero"].arm, decision.arms) == ("control", ())


@pytest.mark.parametrize(
    ("before_login", "user", "unit"),
    [
        ("visitor", None, "v-1"),
        ("visitor", "u-1", "u-1"),
        ("skip", None, None),
        ("skip", "u-1", "u-1"),
    ],
)
def test_a_user_is_the_unit_once_known(before_login: str, user: str | None, unit: str | None) -> None:
    decision = decide(running(unit="user", before_login=before_login), user=user)

    assert [a.unit for a in decision.arms] == ([] if unit is None else [unit])


def test_who_has_no_unit_is_out_even_with_a_known_arm() -> None:
    assert decide(running(unit="user", before_login="skip"), holding("control")).arms == ()


def test_a_visitor_is_the_unit_whoever_logs_in() -> None:
    assert [a.unit for a in decide(running(), user="u-1").arms] == ["v-1"]


def test_the_salt_is_the_key_unless_it_is_given() -> None:
    assert decide(running(salt="hero-copy")) == decide(running())
    arms = [[taken(decide(running(salt=s), visitor=f"v-{n}")) for n in range(64)] for s in ("", "a", "b")]
    assert len({repr(of_salt) for of_salt in arms}) == 3


def test_two_experiments_can_meet_at_one_placement() -> None:
    rules = ruleset(
        experiments=[experiment("usual", arms=[arm("bau", None)]), experiment()],
        rules=[delivering("usual", priority=900), delivering("hero-copy")],
    )
    decision = decide(rules)

    assert decision.placements["home.hero"].experiment == "hero-copy"
    assert taken(decision) == [("usual", "bau", True), ("hero-copy", "treatment", True)]
