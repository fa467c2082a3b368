"""Which rules address a visitor, found without asking each of them."""

from typing import Any

import pytest

from app.engine.index import Search
from app.engine.ruleset import Ruleset
from app.engine.visitor import Visitor
from tests.builders import addressed, found_at, instant, placement, rule, ruleset, segment, visitor


def asking(*conditions: dict[str, Any]) -> Ruleset:
    """A site with one rule for each condition."""
    return ruleset(rules=[rule(f"r{n}", audience={"condition": asked}) for n, asked in enumerate(conditions)])


def questions_of(rules: Ruleset) -> int:
    """How many different questions the rules ask."""
    return len({question for asked in rules.index.questions for question in asked})


def holding(rules: Ruleset, **context: Any) -> list[str]:
    return addressed(rules, visitor(rules, context=context))


def test_what_a_thousand_rules_compare_one_attribute_with_is_one_question() -> None:
    rules = asking(*({"context.x": {"$gte": n, "$lt": n + 2}} for n in range(1_000)))

    assert questions_of(rules) == 1
    assert holding(rules, x=500) == ["r499", "r500"]
    assert holding(rules, x=500.5) == ["r499", "r500"]
    assert holding(rules, x=-1) == []


def test_a_condition_that_many_rules_share_is_one_question() -> None:
    either = {"$or": [{"context.x": 1}, {"context.y": 1}]}
    rules = asking(either, either, {"context.y": {"$exists": True}}, {"context.y": {"$exists": True}})

    assert questions_of(rules) == 2
    assert holding(rules, x=1) == ["r0", "r1"]
    assert holding(rules, y=2) == ["r2", "r3"]


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (0, False), (1, "1"), (None, "null"), ([1], [True]), ([], {}), ([["a", 1]], {"a": 1})],
)
def test_values_that_differ_in_json_are_kept_apart(one: object, other: object) -> None:
    rules = asking({"context.x": one}, {"context.x": other}, {"$not": {"context.x": one}})

    assert holding(rules, x=one) == ["r0"]
    assert holding(rules, x=other) == ["r1", "r2"]


def test_numbers_are_one_whether_whole_or_not() -> None:
    assert holding(asking({"context.x": 1}, {"context.x": {"$in": [1.0]}}), x=1.0) == ["r0", "r1"]


@pytest.mark.parametrize(
    ("operator", "holds_for"),
    [("$gt", "c"), ("$gte", "bc"), ("$lt", "a"), ("$lte", "ab")],
)
def test_a_bound_belongs_to_those_that_name_it(operator: str, holds_for: str) -> None:
    rules = asking({"context.x": {operator: 2}})

    for name, value in (("a", 1), ("b", 2), ("c", 3)):
        assert bool(holding(rules, x=value)) is (name in holds_for)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ["r0"]),
        ("7", ["r1"]),
        (" 7e0 ", ["r1"]),
        ("seven", []),
        (True, []),
        ([7], []),
        (float("nan"), []),
        (float("inf"), ["r1"]),
        (10**400, ["r1"]),
    ],
)
def test_a_bound_reads_a_value_as_the_operator_does(value: object, expected: list[str]) -> None:
    assert holding(asking({"context.x": {"$lt": 5}}, {"context.x": {"$gte": 5}}), x=value) == expected


def test_a_bound_in_a_string_is_left_to_its_operator() -> None:
    rules = asking({"context.x": {"$lt": "5"}})

    assert holding(rules, x="10") == ["r0"]
    assert holding(rules, x=10) == []


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("^/shoes", "/shoes/red", True),
        ("^/shoes", "/shoe", False),
        ("^/shoes", "/en/shoes", False),
        (r"^/a\.html", "/a.html", True),
        (r"^/a\.html", "/a-html", False),
        ("^/a.html", "/a-html", True),
        ("^/a|b", "/b", True),
        ("^/a$", "/a/", False),
        ("^", "", True),
        ("^", None, False),
        ("^/a", ["/a"], False),
    ],
)
def test_the_beginning_of_a_path_is_found(pattern: str, path: object, expected: object) -> None:
    assert bool(holding(asking({"context.x": {"$regex": pattern}}), x=path)) is expected


def test_beginnings_of_many_lengths_are_one_question() -> None:
    rules = asking(*({"context.x": {"$regex": f"^{'/a' * n}"}} for n in range(50)))

    assert questions_of(rules) == 1
    assert holding(rules, x="/a/a/b") == ["r0", "r1", "r2"]


def test_a_rule_may_ask_the_same_twice() -> None:
    twice = [{"context.x": {"$in": [1, 2]}}, {"context.x": {"$in": [2, 3]}}, {"context.x": {"$nin": [4]}}]
    rules = asking(
        {"$and": [*twice, {"context.x": {"$nin": [5]}}, {"context.x": {"$gt": 1}}, {"context.x": {"$gt": 0}}]}
    )

    assert [x for x in (1, 2, 3, 4, 5, [2], [1, 3], "2") if holding(rules, x=x)] == [2]


def test_elements_of_an_array_are_looked_up() -> None:
    rules = asking(
        {"context.x": {"$in": ["a", None]}}, {"context.x": {"$nin": ["a", "b"]}}, {"context.x": "a"}
    )

    assert holding(rules, x="a") == ["r0", "r2"]
    assert holding(rules, x=["c", "a"]) == ["r0"]
    assert holding(rules, x=[{}, None]) == ["r0", "r1"]
    assert holding(rules, x=[]) == ["r1"]


def test_campaigns_that_are_over_cost_one_question() -> None:
    over = [{"ends_at": f"2026-01-01T00:{n:02}:00Z"} for n in range(50)]
    current = {"starts_at": "2026-03-10T12:00:00Z", "ends_at": "2026-03-10T12:00:01Z"}
    rules = ruleset(rules=[rule(f"r{n}", schedule=when) for n, when in enumerate([*over, current])])

    assert questions_of(rules) == 1
    for at, expected in (("11:59:59.999999", []), ("12:00:00", ["r50"]), ("12:00:01", [])):
        assert addressed(rules, visitor(rules, at=instant(f"2026-03-10T{at}Z"))) == expected


def test_equal_windows_are_one_question() -> None:
    windows = {"windows": [{"from": "09:00", "to": "10:00"}]}
    rules = ruleset(rules=[rule("a", schedule=windows), rule("b", schedule=windows)])

    assert questions_of(rules) == 1
    assert holding(rules) == []


class Counting(Visitor):
    """A visitor who counts how often it is looked at."""

    looks = 0

    def get(self, key: str, /) -> object:  # type: ignore[override] # conditions give no default
        self.looks += 1
        return super().get(key)


def test_what_one_placement_asked_the_next_does_not_ask_again() -> None:
    unknown = {"condition": {"context.x": {"$exists": True}, "context.y": {"$gt": 0}}}
    rules = ruleset(
        placements=[placement(key) for key in ("a", "b", "c")],
        rules=[rule(f"{at}{n}", placements=[at], audience=unknown) for at in ("a", "b") for n in range(50)],
    )
    seen = visitor(rules, context={"x": 1, "y": 1})
    counting = Counting(seen.profile, seen.context, seen.standing, seen.now, seen.now_ms)
    search = Search(rules.index, counting, held_out=False)

    assert [len(found_at(search, at)) for at in ("a", "b", "c", "d")] == [50, 50, 0, 0]
    assert counting.looks == 2


def test_a_visitor_held_out_is_asked_only_what_rules_for_the_holdout_ask() -> None:
    rules = ruleset(
        rules=[
            rule("a", audience={"condition": {"context.x": 1}}),
            rule("b", audience={"condition": {"context.y": 1}}, in_holdout=True),
        ]
    )
    seen = visitor(rules, context={"x": 1, "y": 1})
    counting = Counting(seen.profile, seen.context, seen.standing, seen.now, seen.now_ms)

    assert found_at(Search(rules.index, counting, held_out=True), "home.hero") == [1]
    assert counting.looks == 1


def test_without_rules_nothing_is_found() -> None:
    assert holding(ruleset()) == []


def test_segments_are_asked_of_the_audience_and_of_the_condition() -> None:
    rules = ruleset(
        segments=[segment(key, {"context.x": key}) for key in ("a", "b")],
        rules=[
            rule("one", audience={"segments": ["a", "b"], "condition": {"segments": {"$in": ["b"]}}}),
            rule("other", audience={"not_segments": ["a"], "condition": {"segments": {"$nin": ["a"]}}}),
        ],
    )

    assert [holding(rules, x=x) for x in ("a", "b", "c")] == [[], ["one", "other"], ["other"]]
