"""Which segments a visitor is in, found without asking each of them."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.engine import questions, segments
from app.engine.forced import Forced
from app.engine.index import Search
from app.engine.profile import Profile
from app.engine.ruleset import Ruleset
from app.engine.segments import SegmentGroup
from app.engine.visitor import Standing, Visitor
from tests.builders import NOW, addressed, found_at, journey, rule, ruleset, segment, visitor

AFTER_GERMAN = segment("after", {"segments": {"$in": ["german"]}})


def groups_of(rules: Ruleset) -> list[SegmentGroup]:
    return [step for step in rules.order if isinstance(step, SegmentGroup)]


def asking(**conditions: Mapping[str, Any]) -> Ruleset:
    """A site with one segment for each condition."""
    return ruleset(segments=[segment(key, condition) for key, condition in conditions.items()])


def found(rules: Ruleset, **context: Any) -> list[str]:
    return visitor(rules, context=context).segments


class Counting(Visitor):
    """A visitor who counts how often it is looked at, by attribute."""

    def __init__(self, seen: Visitor) -> None:
        super().__init__(seen.profile, seen.context, seen.standing, seen.now, seen.now_ms)
        self.segments += seen.segments
        self.looks: list[str] = []

    def get(self, key: str, /) -> object:  # type: ignore[override] # conditions give no default
        self.looks.append(key)
        return super().get(key)


def test_what_two_hundred_segments_compare_one_attribute_with_is_one_question() -> None:
    rules = asking(**{f"s{n}": {"context.x": {"$gte": n, "$lt": n + 2}} for n in range(200)})

    [group] = groups_of(rules)
    assert len(group.questions) == 1
    assert found(rules, x=100) == ["s99", "s100"]
    assert found(rules, x=-1) == []


def test_what_no_segment_left_asks_is_not_asked() -> None:
    rules = asking(a={"context.x": 1, "traits.y": 1}, b={"context.x": 2, "traits.y": 2})
    [group] = groups_of(rules)

    for x, looked_at in ((1, ["context", "traits"]), (3, ["context"])):
        counting = Counting(visitor(rules, context={"x": x}))
        assert group.found(counting) == ()
        assert counting.looks == looked_at


def test_a_segment_that_asks_nothing_has_everybody_in_it() -> None:
    assert found(asking(all={}, some={"context.x": 1})) == ["all"]


def test_segments_that_refer_to_each_other_are_found_one_after_the_other() -> None:
    chain = [segment("s0", {"context.x": 1})]
    chain += [segment(f"s{n}", {"segments": {"$in": [f"s{n - 1}"]}}) for n in range(1, 30)]
    rules = ruleset(segments=chain[::-1])

    assert [group.keys for group in groups_of(rules)] == [[f"s{n}"] for n in range(30)]
    assert found(rules, x=1) == rules.segments == [f"s{n}" for n in range(30)]
    assert found(rules, x=2) == []


def test_stages_rest_on_their_segments_alone() -> None:
    loyal = {"key": "loyal", "when": {"segments": {"$in": ["after"]}}}
    rules = ruleset(
        segments=[
            segment("german", {"context.country": "DE"}),
            AFTER_GERMAN,
            *(segment(key, {"stage": key}) for key in ("new", "loyal")),
            segment("returning", {"profile.is_new": False}),
        ],
        journeys=[journey("new", loyal)],
    )

    assert [group.keys for group in groups_of(rules)] == [
        ["german", "returning"],
        ["after"],
        ["new", "loyal"],
    ]
    assert [step.keys for step in rules.staging if isinstance(step, SegmentGroup)] == [["german"], ["after"]]
    assert found(rules, country="DE") == ["german", "after", "loyal"]


def test_combinations_are_remembered_and_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_COMBINATIONS", 2)
    rules = asking(**{key: {f"context.{key}": True} for key in "abc"})
    [group] = groups_of(rules)
    remembered = []

    for keys in ("", "a", "a", "b", "ab", "abc", "c", "bc", "ac", "", "a", "b"):
        assert found(rules, **dict.fromkeys(keys, True)) == list(keys)
        remembered.append(len(group.known))

    assert remembered == [1, 2, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]


def test_what_a_combination_of_segments_leaves_is_asked_once_as_long_as_it_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(questions, "_COMBINATIONS", 2)
    rules = ruleset(
        segments=[segment(key, {f"context.{key}": True}) for key in "abc"],
        rules=[rule(key, audience={"segments": [key], "not_segments": ["c"]}) for key in "ab"],
    )
    looks = []

    for keys in ("a", "b", "a", "ab", "a", "c", "abc", "ab", "b"):
        counting = Counting(visitor(rules, context=dict.fromkeys(keys, True)))
        numbers = found_at(Search(rules.index, counting, held_out=False), "home.hero")
        assert [rules.rules[number].key for number in numbers] == ([] if "c" in keys else list(keys))
        looks.append(len(counting.looks))

    assert looks == [1, 1, 0, 1, 1, 1, 1, 1, 1]


def test_rules_are_found_for_more_combinations_of_segments_than_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(segments, "_COMBINATIONS", 2)
    monkeypatch.setattr(questions, "_COMBINATIONS", 2)
    rules = ruleset(
        segments=[segment(f"s{n}", {"context.x": {"$gte": n}}) for n in range(10)],
        rules=[rule(f"r{n}", audience={"segments": [f"s{n}"]}) for n in range(10)],
    )

    for x in (*range(10), *range(10)):
        assert addressed(rules, visitor(rules, context={"x": x})) == [f"r{n}" for n in range(x + 1)]


@pytest.mark.parametrize(
    ("forced", "expected"),
    [
        (Forced(), ["german", "known", "after"]),
        (Forced(segments={"buyer": True}), ["german", "buyer", "known", "after"]),
        (Forced(segments={"german": False}), ["known"]),
        (Forced(segments={"german": False, "after": True}), ["known", "after"]),
        (Forced(segments={"known": True}, only=True), ["known"]),
        (Forced(segments={"german": True}, only=True), ["german"]),
        (Forced(only=True), []),
    ],
)
def test_a_forced_segment_leaves_the_others_of_its_group_as_they_are(
    forced: Forced, expected: list[str]
) -> None:
    rules = ruleset(
        segments=[
            segment("german", {"context.country": "DE"}),
            segment("buyer", {"context.country": "FR"}),
            segment("known", {"context.country": {"$exists": True}}),
            AFTER_GERMAN,
        ]
    )

    for _ in range(2):
        seen = rules.see(Profile(), {"country": "DE"}, Standing("v-1"), NOW, forced)
        assert seen.segments == expected
        assert found(rules, country="DE") == ["german", "known", "after"]
