"""What differs, counted over visitors."""

from app.admin.impact.report import Move, Shown
from app.admin.impact.tally import EXAMPLES, MOVES_LISTED, RULES_LISTED, Tally
from app.engine.ruleset import Ruleset
from tests.builders import (
    arm,
    decide,
    delivering,
    experiment,
    journey,
    placement,
    rule,
    ruleset,
    segment,
)

DEFAULT = Shown("default", "default", None, None, None)


def tallied(before: Ruleset, after: Ruleset, *, times: int = 1) -> Tally:
    tally = Tally()
    for number in range(times):
        tally.add(f"d-{number}", decide(before), decide(after))
    return tally


def test_nobody_changes_nothing() -> None:
    total = Tally().total()

    assert (total.visitors, total.changed, total.placements, total.rules) == (0, 0, [], [])


def test_visitors_who_see_the_same_are_counted_as_asked_and_as_nothing_else() -> None:
    total = tallied(ruleset(rules=[rule("sale")]), ruleset(rules=[rule("sale")]), times=2).total()

    [hero] = total.placements
    assert (total.visitors, total.changed, hero.visitors, hero.changed, hero.moves) == (2, 0, 2, 0, [])
    assert total.rules == []


def test_a_visitor_who_sees_the_same_by_another_rule_has_not_changed() -> None:
    total = tallied(ruleset(rules=[rule("a")]), ruleset(rules=[rule("b")])).total()

    [hero] = total.placements
    assert (total.changed, hero.changed, hero.same_content) == (0, 0, 1)
    assert [(each.rule, each.gained, each.lost) for each in total.rules] == [("a", 0, 1), ("b", 1, 0)]


def test_a_move_says_from_what_to_what_with_a_few_examples() -> None:
    total = tallied(ruleset(), ruleset(rules=[rule("sale")]), times=EXAMPLES + 2).total()

    [hero] = total.placements
    [move] = hero.moves
    assert (hero.gained, move.kind, move.visitors) == (EXAMPLES + 2, "gained", EXAMPLES + 2)
    assert (move.before, move.after) == (DEFAULT, Shown("offer", "rule", "sale", None, None))
    assert [example.decision_id for example in move.examples] == ["d-0", "d-1", "d-2"]
    assert [example.decision_id for example in total.rules[0].examples] == ["d-0", "d-1", "d-2"]


def test_a_rule_that_shows_something_else_or_elsewhere_has_changed() -> None:
    two = [placement(), placement("home.side")]
    before = ruleset(placements=two, rules=[rule("sale", placements=["home.hero"])])
    after = ruleset(placements=two, rules=[rule("sale", placements=["home.side", "home.hero"])])
    tally = Tally()
    tally.add("d", *(decide(rules, placements=("home.hero", "home.side")) for rules in (before, after)))

    [sale] = tally.total().rules
    assert (sale.before, sale.after, sale.gained, sale.lost, sale.changed) == (1, 1, 0, 0, 1)
    [example] = sale.examples
    assert (example.placement, example.before) == ("home.side", DEFAULT)


def test_the_rarest_of_very_many_moves_are_left_out_and_counted() -> None:
    many = MOVES_LISTED + 5
    variants = [f"v{number}" for number in range(many + 1)]
    tally = Tally()
    for number in range(1, many + 1):
        rules = [
            ruleset(
                placements=[placement("home.hero", *variants)], rules=[rule("r", deliver={"variant": key})]
            )
            for key in ("v0", f"v{number}")
        ]
        tally.add("d", decide(rules[0]), decide(rules[1]))

    [hero] = tally.total().placements
    assert (hero.changed, len(hero.moves), hero.moves_left_out) == (many, MOVES_LISTED, 5)


def test_of_very_many_rules_those_that_most_differ_in_are_listed() -> None:
    tally = Tally()
    for number in range(RULES_LISTED + 2):
        for _ in range(2 if number == RULES_LISTED else 1):
            tally.add("d", decide(ruleset()), decide(ruleset(rules=[rule(f"r{number:03}")])))

    total = tally.total()

    assert (len(total.rules), total.rules_left_out) == (RULES_LISTED, 2)
    assert (total.rules[0].rule, total.rules[0].gained) == (f"r{RULES_LISTED}", 2)


def test_arms_stages_and_segments_that_change_are_told() -> None:
    before = ruleset(
        experiments=[experiment(arms=[arm("a"), arm("b", weight=0)])],
        rules=[delivering("hero-copy")],
        journeys=[journey("new", {"key": "known", "when": {"traits.vip": True}})],
        segments=[segment("all", {}), segment("some", {"traits.vip": True})],
    )
    after = ruleset(
        experiments=[experiment(arms=[arm("a", weight=0), arm("b")])],
        rules=[delivering("hero-copy")],
        journeys=[journey("new", {"key": "known", "when": {}})],
        segments=[segment("all", {"traits.vip": True}), segment("some", {})],
    )

    total = tallied(before, after).total()

    def only(moves: list[Move]) -> tuple[object, object, int]:
        [move] = moves
        return move.before, move.after, move.visitors

    assert [(each.experiment, only(each.moves)) for each in total.experiments] == [
        ("hero-copy", ("a", "b", 1))
    ]
    assert [(each.journey, only(each.moves)) for each in total.journeys] == [
        ("purchase", ("new", "known", 1))
    ]
    assert [(s.segment, s.before, s.after, s.entered, s.left) for s in total.segments] == [
        ("all", 1, 0, 0, 1),
        ("some", 0, 1, 1, 0),
    ]
    assert [example.before for each in total.segments for example in each.examples] == [True, False]
