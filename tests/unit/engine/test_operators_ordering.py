"""`$lt`, `$lte`, `$gt` and `$gte`, and what counts as a number under them."""

import pytest

from app.engine.orderings import number_in, number_of
from tests.unit.engine.judging import Strange, holds, passes, problems_of

HUGE = 10**10_000
ALL = ("$lt", "$lte", "$gt", "$gte")
LOWER, EQUAL, HIGHER = {"$lt", "$lte"}, {"$lte", "$gte"}, {"$gt", "$gte"}
NOT_COMPARABLE: set[str] = set()


def verdicts(value: object, bound: object) -> set[str]:
    return {operator for operator in ALL if passes({operator: bound}, value)}


@pytest.mark.parametrize(
    ("value", "bound", "expected"),
    [
        (1, 2, LOWER),
        (2, 2.0, EQUAL),
        (2.5, 2, HIGHER),
        (-1, 0, LOWER),
        pytest.param(HUGE, 1.5, HIGHER, id="huge number"),
        pytest.param(1.5, HUGE, LOWER, id="huge bound"),
        pytest.param(float("inf"), HUGE, HIGHER, id="infinite"),
        (float("-inf"), 0, LOWER),
        (float("nan"), 0, NOT_COMPARABLE),
    ],
)
def test_numbers_compare_by_value(value: object, bound: object, expected: set[str]) -> None:
    assert verdicts(value, bound) == expected


@pytest.mark.parametrize(
    ("value", "bound", "expected"),
    [
        ("8", 10, LOWER),
        ("10", 10, EQUAL),
        (" 10.0 ", 10, EQUAL),
        ("1e3", 10, HIGHER),
        (8, "10", LOWER),
        (10, "10.0", EQUAL),
        (11, "1e1", HIGHER),
        pytest.param("9" * 300, 1, HIGHER, id="300 digits"),
    ],
)
def test_a_numeric_string_counts_as_its_number_beside_a_number(
    value: object, bound: object, expected: set[str]
) -> None:
    assert verdicts(value, bound) == expected


@pytest.mark.parametrize(
    ("value", "bound", "expected"),
    [
        ("a", "b", LOWER),
        ("b", "b", EQUAL),
        ("Z", "a", LOWER),
        ("ab", "a", HIGHER),
        ("10", "9", LOWER),
        ("", "0", LOWER),
        ("é", "z", HIGHER),
        ("\U0001f600", "\uffff", HIGHER),
    ],
)
def test_two_strings_compare_as_text_by_code_points(value: object, bound: object, expected: set[str]) -> None:
    assert verdicts(value, bound) == expected


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        (3, LOWER),
        (0, EQUAL),
        (-1, HIGHER),
        ("3", LOWER),
        ("0", EQUAL),
        ("-0.5", HIGHER),
        ("a", NOT_COMPARABLE),
        ("", NOT_COMPARABLE),
    ],
)
def test_null_counts_as_zero(bound: object, expected: set[str]) -> None:
    assert verdicts(None, bound) == expected
    assert {operator for operator in ALL if holds({"a.b": {operator: bound}}, {})} == expected


def test_a_stranger_has_fewer_than_three_visits() -> None:
    assert holds({"events.page_viewed.count": {"$lt": 3}}, {})
    assert not holds({"events.page_viewed.count": {"$lt": 3}}, {"events": {"page_viewed": {"count": 3}}})


@pytest.mark.parametrize("bound", [1, "1", "a", -1])
@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        [],
        [1],
        (),
        {},
        {"a": 1},
        {1},
        b"1",
        Strange(),
        "abc\ud800",
        "\u0663a",
        "1_0",
        "nan",
        "inf",
    ],
)
def test_what_cannot_be_compared_passes_nothing(value: object, bound: object) -> None:
    if type(value) is str and type(bound) is str:
        assert len(verdicts(value, bound)) == 2  # two strings always compare, if only as text
    else:
        assert verdicts(value, bound) == NOT_COMPARABLE


@pytest.mark.parametrize("value", [1, 1.5, True, None])
def test_text_that_is_no_number_is_comparable_with_strings_only(value: object) -> None:
    assert verdicts(value, "abc") == NOT_COMPARABLE


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1_000",
        "nan",
        "NaN",
        "inf",
        "-Infinity",
        "0x10",
        "1e999",
        pytest.param("9" * 400, id="400 digits"),
        "a",
    ],
)
def test_text_that_names_no_finite_number_is_none(text: str) -> None:
    assert number_in(text) is None


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("-1.5", -1.5), ("+.5", 0.5), ("5.", 5), (" 7\n", 7)])
def test_numeric_text_is_read(text: str, number: float) -> None:
    assert number_in(text) == number


def test_not_a_number_is_none() -> None:
    assert number_of(float("nan")) is None


@pytest.mark.parametrize("operator", ALL)
@pytest.mark.parametrize(
    "operand",
    [None, True, [], [1], {}, {"a": 1}, {"$gt": 1}, float("nan"), float("inf"), float("-inf"), b"1"],
)
def test_an_ordering_needs_a_number_or_a_string(operator: str, operand: object) -> None:
    assert problems_of({"a": {operator: operand}}) == {
        f"/a/{operator}": "must be a finite number or a string"
    }
