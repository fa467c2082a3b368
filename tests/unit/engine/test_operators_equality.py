"""Bare values, `$eq`, `$ne` and the set operators."""

from datetime import UTC, datetime

import pytest

from tests.unit.engine.judging import Computed, Strange, holds, passes, problems_of

HUGE = 10**10_000
NAN = float("nan")
OPAQUE = [
    Strange(),
    object(),
    b"a",
    datetime(2026, 1, 1, tzinfo=UTC),
    {1},
    frozenset({1}),
    Computed({"a": 1}),
]


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("a", "a"),
        ("", ""),
        (1, 1),
        (1, 1.0),
        (1.5, 1.5),
        (0, -0.0),
        pytest.param(HUGE, HUGE, id="huge"),
        (True, True),
        (False, False),
        (None, None),
        ([], []),
        ([], ()),
        ({}, {}),
        ([1, "a", None, [True]], [1.0, "a", None, [True]]),
        ([1, 2], (1, 2)),
        ({"b": {"c": [1]}}, {"b": {"c": [1]}}),
        ({"b": None}, {"b": None}),
        ({"b": 1, "c": 2}, {"c": 2, "b": 1}),
        ("\ud800", "\ud800"),
    ],
)
def test_equal_values_are_equal_in_every_way_to_ask(literal: object, value: object) -> None:
    assert holds({"a": literal}, {"a": value})
    assert passes({"$eq": literal}, value)
    assert not passes({"$ne": literal}, value)
    assert passes({"$in": ["other", literal]}, [value])
    assert passes({"$all": [literal]}, ["other", value])
    assert passes({"$alli": [literal]}, ["other", value])


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("a", "A"),
        ("1", 1),
        (1, "1"),
        (1, True),
        (True, 1),
        (0, False),
        (False, 0),
        (False, None),
        (None, False),
        (None, 0),
        (None, ""),
        (0, None),
        (1, NAN),
        pytest.param(HUGE, float("inf"), id="huge"),
        ([], None),
        ({}, []),
        ([], {}),
        ("a", ["a"]),
        (["a"], "a"),
        ([1, 2], [2, 1]),
        ([1, 2], [1]),
        ([1], [1, 2]),
        ([1], [True]),
        ([None], []),
        ({"b": 1}, {"b": 2}),
        ({"b": 1}, {"b": 1, "c": 2}),
        ({"b": 1, "c": 2}, {"b": 1}),
        ({"b": None}, {"c": None}),
        ({"b": None}, {}),
        ({"b": [1]}, {"b": [True]}),
        *((literal, value) for literal in (1, "a", None, [1], {"a": 1}) for value in OPAQUE),
    ],
)
def test_unequal_values_are_unequal_in_every_way_to_ask(literal: object, value: object) -> None:
    assert not holds({"a": literal}, {"a": value})
    assert not passes({"$eq": literal}, value)
    assert passes({"$ne": literal}, value)
    assert not passes({"$in": [literal]}, [value])
    assert passes({"$nin": [literal]}, [value])
    assert not passes({"$all": [literal]}, [value])


def test_a_missing_attribute_equals_null_alone() -> None:
    assert holds(
        {"a": None, "b": {"$eq": None}, "c": {"$ne": 1}, "d": {"$in": [None]}, "e": {"$nin": [1]}}, {}
    )
    assert not holds({"a": {"$ne": None}}, {})


def test_one_of_many_is_found_in_a_value_and_in_an_array() -> None:
    assert passes({"$in": ["a", 1, None]}, "a")
    assert passes({"$in": ["a", 1, None]}, 1.0)
    assert passes({"$in": ["a", 1, None]}, None)
    assert passes({"$in": ["a", 1]}, ["x", 1])
    assert passes({"$in": ["a", 1]}, ("x", "a"))
    assert passes({"$in": ["a", 1]}, {"x", "a"})
    assert not passes({"$in": ["a", 1]}, [["a"], {"a": 1}, True, None, "A"])
    assert not passes({"$in": ["a", 1]}, [])
    assert not passes({"$in": ["a", None]}, 7)
    assert passes({"$in": ["A"]}, "A")
    assert not passes({"$in": ["a"]}, "A")


def test_nothing_is_one_of_none() -> None:
    assert not passes({"$in": []}, None)
    assert not passes({"$in": []}, ["a"])
    assert passes({"$nin": []}, ["a"])


def test_of_an_array_the_elements_are_looked_at_and_never_the_whole() -> None:
    assert not passes({"$in": [["a"]]}, ["a"])
    assert passes({"$in": [["a"]]}, [["a"]])
    assert passes({"$in": [{"b": 1}, "x"]}, {"b": 1})
    assert passes({"$in": [{"b": 1}, "x"]}, [2, {"b": 1}])
    assert passes({"$in": [{"b": 1}, "x"]}, "x")


def test_all_need_not_be_in_order_nor_alone() -> None:
    assert passes({"$all": ["a", 1, True, None]}, ["x", None, True, 1, "a"])
    assert passes({"$all": ["a", "b"]}, {"a", "b", "c"})
    assert passes({"$all": [["a"], {"b": 1}, 2]}, [2, {"b": 1}, ["a"]])
    assert not passes({"$all": [["a"], {"b": 1}]}, [{"b": 1}])
    assert not passes({"$all": ["a", 1]}, ["a", True])
    assert passes({"$all": []}, [])


@pytest.mark.parametrize("value", [None, "a", 1, True, {"a": 1}, *OPAQUE[:4]])
def test_only_an_array_has_all(value: object) -> None:
    assert not passes({"$all": []}, value)
    assert not passes({"$alli": ["a"]}, value)


def test_a_million_elements_are_searched_in_one_go() -> None:
    many = list(range(1_000_000))

    assert passes({"$all": list(range(999_000, 1_000_000))}, many)
    assert not passes({"$in": [-number for number in range(1, 1_000)]}, many)


@pytest.mark.parametrize("value", ["straße", "STRASSE", "Straße", ["x", "STRASSE"], ("straße",), {"StraßE"}])
def test_case_does_not_matter_where_the_operator_says_so(value: object) -> None:
    assert passes({"$ini": ["Straße", "other"]}, value)
    assert not passes({"$nini": ["Straße", "other"]}, value)
    assert passes(
        {"$alli": ["Straße", "STRASSE"]}, value if isinstance(value, (list, tuple, set)) else [value]
    )


def test_all_but_strings_are_compared_as_ever_where_case_does_not_matter() -> None:
    assert passes({"$ini": [1, None, True]}, 1)
    assert passes({"$ini": [1, None]}, None)
    assert not passes({"$ini": [1]}, True)
    assert not passes({"$ini": [["a"]]}, [["A"]])
    assert passes({"$ini": [["a"]]}, [["a"]])
    assert passes({"$nini": ["a"]}, 7)


@pytest.mark.parametrize("operator", ["$in", "$nin", "$all", "$ini", "$nini", "$alli"])
@pytest.mark.parametrize("operand", [None, "a", 1, True, {"b": 1}, {"$gt": 1}, {1}])
def test_a_set_operator_needs_an_array(operator: str, operand: object) -> None:
    assert problems_of({"a": {operator: operand}}) == {f"/a/{operator}": "must be an array"}


@pytest.mark.parametrize(
    ("literal", "pointer", "message"),
    [
        (NAN, "", "must be a JSON value, not a number that is not finite"),
        (float("inf"), "", "must be a JSON value, not a number that is not finite"),
        (b"a", "", "must be a JSON value, not a bytes"),
        (datetime(2026, 1, 1, tzinfo=UTC), "", "must be a JSON value, not a datetime"),
        ({1, 2}, "", "must be a JSON value, not a set"),
        ([1, [object()]], "/1/0", "must be a JSON value, not a object"),
        ({"b": {"c": NAN}}, "/b/c", "must be a JSON value, not a number that is not finite"),
        ({"b/c": [0, NAN]}, "/b~1c/1", "must be a JSON value, not a number that is not finite"),
        ({1: 2}, "", "must have strings as keys"),
    ],
)
def test_what_json_cannot_hold_is_refused_where_it_stands(
    literal: object, pointer: str, message: str
) -> None:
    assert problems_of({"a": literal}) == {f"/a{pointer}": message}
    assert problems_of({"a": {"$eq": literal}}) == {f"/a/$eq{pointer}": message}
    assert problems_of({"a": {"$in": [0, literal]}}) == {f"/a/$in/1{pointer}": message}


@pytest.mark.parametrize(
    "operators", [{"$eq": {"$gt": 1}}, {"$in": [{"$gt": 1}]}, {"$all": [{"$elemMatch": {}}]}]
)
def test_operators_among_values_are_refused(operators: object) -> None:
    assert "operators cannot stand here" in problems_of({"a": operators}).popitem()[1]
