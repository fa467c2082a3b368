from datetime import UTC, datetime

from app.engine.compile import compile_ruleset, parse_document
from app.engine.evaluate import evaluate
from app.engine.visitor import Standing
from loadtests.speed.shop import ARMS, EXPERIMENTS, PLACEMENTS, shop
from loadtests.speed.visitors import profiles, visitor_id

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_whoever_is_known_is_counted_for_the_very_ruleset_that_is_published() -> None:
    for rules in (10, 1_000):
        ruleset = compile_ruleset(parse_document(shop(rules)), 7)
        assert all(ruleset.has_counted(profile) and profile.events for profile in profiles(rules, NOW))


def test_a_profile_is_the_same_whatever_the_number_of_rules() -> None:
    assert profiles(10, NOW) == profiles(1_000, NOW)


def test_half_of_the_visitors_hold_each_arm() -> None:
    held = [{profile.arms[key].arm for key in EXPERIMENTS} for profile in profiles(10, NOW)]
    assert held == [{arm} for arm in ARMS]


def test_a_shop_gives_two_arms_and_a_rule_s_variant_to_whoever_is_known() -> None:
    ruleset = compile_ruleset(parse_document(shop(100)), 1)
    known = profiles(100, NOW)[0]
    seen = ruleset.see(known, {"country": "GB"}, Standing(visitor="v", may_log=True), NOW)
    decision = evaluate(ruleset, seen, PLACEMENTS)
    reasons = [decision.placements[key].reason for key in PLACEMENTS]
    assert reasons == ["experiment", "experiment", *["rule"] * 18]
    assert decision.stage == "decision"


def test_a_shop_has_as_many_rules_as_it_is_asked_for() -> None:
    assert [len(shop(rules)["rules"]) for rules in (10, 1_000)] == [10, 1_000]


def test_visitors_have_ids_of_one_length() -> None:
    assert {len(visitor_id(number)) for number in (0, 1, 99_999)} == {36}
