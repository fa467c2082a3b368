"""`$regex`, `$regexi`, `$exists`, `$type` and the version and time operators."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.engine.operators import type_of
from tests.unit.engine.judging import Computed, Strange, holds, passes, problems_of

ANYTHING: list[object] = [None, True, "", "soon", [], {}, Strange()]
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("bike", "https://shop.example/bikes"),
        ("^https://[a-z.]+/bikes$", "https://shop.example/bikes"),
        ("", ""),
        ("", "anything"),
        ("^$", ""),
        ("ß|ü", "grün"),
        ("^.$", "😀"),
        ("a\x00b", "a\x00b"),
        (r"\p{L}", "é"),
        ("(?i)BIKE", "bike"),
        ("(?P<name>b)", "abc"),
        ("b", "\ud800b\udfff"),
    ],
)
def test_a_pattern_is_found_anywhere(pattern: str, text: str) -> None:
    assert passes({"$regex": pattern}, text)
    assert passes({"$regexi": pattern}, text)


@pytest.mark.parametrize(
    ("pattern", "text"), [("bike", "BIKE"), ("^a", "ba"), ("a.c", "a\nc"), (r"\d", "\u0661")]
)
def test_a_pattern_that_is_not_there_is_not_found(pattern: str, text: str) -> None:
    assert not passes({"$regex": pattern}, text)


@pytest.mark.parametrize(("pattern", "text"), [("BIKE", "a bike"), ("größe", "GRÖSSE GRÖßE"), ("^É$", "é")])
def test_case_does_not_matter_to_regexi(pattern: str, text: str) -> None:
    assert passes({"$regexi": pattern}, text)
    assert not passes({"$regex": pattern}, text)


@pytest.mark.parametrize("value", [None, 1, True, [], ["a"], {}, {"a": "a"}, b"a", Strange(), NOW])
@pytest.mark.parametrize("operator", ["$regex", "$regexi"])
def test_only_strings_are_searched(operator: str, value: object) -> None:
    assert not passes({operator: ""}, value)


def test_a_lone_surrogate_is_a_character_to_a_pattern() -> None:
    assert passes({"$regex": "^.$"}, "\ud800")
    assert passes({"$regex": "\ud800"}, "a\ud800b")
    assert not passes({"$regex": r"\?|\x{fffd}"}, "\ud800")


def test_only_the_beginning_of_a_long_text_is_searched() -> None:
    assert passes({"$regex": "b"}, "a" * 2_047 + "b")
    assert not passes({"$regex": "b"}, "a" * 2_048 + "b")


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(x+x+)+y", "(.*)(.*)(.*)(.*)(.*)z", "(a|a)*b", "([a-q][^u-z]{13})*z"]
)
def test_a_hostile_pattern_comes_to_an_end(pattern: str) -> None:
    assert not passes({"$regex": pattern}, "ax" * 1_000_000)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[", "missing ]"),
        ("(?=a)", "invalid perl operator"),
        (r"\1", "invalid escape sequence"),
        ("a{1001}", "invalid repetition size"),
        ("((a{100}){100}){100}", "invalid repetition size"),
        ("(?:a?b?c?d?){900}", "pattern"),
        (r"\p{L}\p{L}", "smaller pattern"),
        pytest.param("a" * 2_000, "smaller pattern", id="2,000 characters"),
    ],
)
@pytest.mark.parametrize("operator", ["$regex", "$regexi"])
def test_a_pattern_that_is_wrong_or_too_large_is_refused(operator: str, pattern: str, reason: str) -> None:
    assert reason in problems_of({"a": {operator: pattern}})[f"/a/{operator}"]


def test_the_largest_pattern_is_searched_for() -> None:
    assert passes({"$regex": "a" * 1_496}, "a" * 1_496)


def test_the_groups_of_a_pattern_do_not_make_it_larger() -> None:
    assert passes({"$regex": "(a)" * 700}, "a" * 700)


def test_a_refused_pattern_is_told_to_its_author_alone(capfd: pytest.CaptureFixture[str]) -> None:
    problems_of({"a": {"$regex": "["}})

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("operand", [None, 1, True, ["a"], {"a": 1}, b"a"])
def test_a_pattern_is_a_string(operand: object) -> None:
    assert problems_of({"a": {"$regex": operand}}) == {
        "/a/$regex": "must be a regular expression in a string"
    }


@pytest.mark.parametrize("value", [0, "", False, [], {}, float("nan"), Strange()])
def test_everything_but_null_exists(value: object) -> None:
    assert passes({"$exists": True}, value)
    assert not passes({"$exists": False}, value)


def test_null_exists_as_little_as_what_is_missing() -> None:
    assert passes({"$exists": False}, None)
    assert not passes({"$exists": True}, None)
    assert holds({"a.b": {"$exists": False}}, {})


@pytest.mark.parametrize("operand", [None, 0, 1, "true", [], {}])
def test_exists_needs_true_or_false(operand: object) -> None:
    assert problems_of({"a": {"$exists": operand}}) == {"/a/$exists": "must be true or false"}


@pytest.mark.parametrize(
    ("value", "name"),
    [
        *(
            ("", "string"),
            ("a", "string"),
            (NOW, "string"),
            (0, "number"),
            (1.5, "number"),
            pytest.param(10**10_000, "number", id="huge"),
        ),
        *((float("nan"), "number"), (True, "boolean"), (False, "boolean"), (None, "null")),
        *(([], "array"), ((), "array"), (set(), "array"), (frozenset(), "array")),
        *(({}, "object"), (Computed({}), "object")),
    ],
)
def test_each_value_has_one_type(value: object, name: str) -> None:
    names = ("string", "number", "boolean", "array", "object", "null", "undefined")

    assert [other for other in names if passes({"$type": other}, value)] == [name]


@pytest.mark.parametrize("value", [b"a", object(), Strange(), 1j, timedelta(1)])
def test_what_json_does_not_have_has_no_type(value: object) -> None:
    assert type_of(value) is None


def test_missing_is_undefined_and_not_null() -> None:
    assert holds({"a": {"$type": "undefined"}, "b.c": {"$type": "undefined"}}, {"b": {}})
    assert not holds({"a": {"$type": "null"}}, {})
    assert holds({"b.c": {"$type": "null", "$eq": None}}, {"b": {"c": None}})
    assert holds({"a": {"$not": {"$type": "null"}}}, {})
    assert not holds({"a": {"$not": {"$type": "null"}}}, {"a": None})


def test_a_lookup_that_has_no_answer_is_undefined() -> None:
    assert holds({"a": {"$type": "undefined"}, "b": {"$type": "number"}}, Computed({"a": None, "b": 1}))


@pytest.mark.parametrize(
    ("operand", "hint"),
    [("numbr", "did you mean number?"), ("int", "known are string"), (None, "known are"), (1, "known")],
)
def test_an_unknown_type_is_refused(operand: object, hint: str) -> None:
    assert hint in problems_of({"a": {"$type": operand}})["/a/$type"]


@pytest.mark.parametrize(
    ("value", "bound", "expected"),
    [
        ("1.2.3", "1.10", {"$vne", "$vlt", "$vlte"}),
        ("v1.10.0", "1.10", {"$veq", "$vlte", "$vgte"}),
        ("2.0.0-rc.1", "1.10", {"$vne", "$vgt", "$vgte"}),
        ("2.0.0-rc.1", "2", {"$vne", "$vlt", "$vlte"}),
        ("nightly", "2", set()),
        (None, "2", set()),
        (2, "2", set()),
        (["2"], "2", set()),
        (Strange(), "2", set()),
    ],
)
def test_versions_compare_as_versions_and_nothing_else_does(
    value: object, bound: str, expected: set[str]
) -> None:
    operators = ("$veq", "$vne", "$vlt", "$vlte", "$vgt", "$vgte")

    assert {operator for operator in operators if passes({operator: bound}, value)} == expected


@pytest.mark.parametrize("operator", ["$veq", "$vne", "$vlt", "$vlte", "$vgt", "$vgte"])
@pytest.mark.parametrize("operand", [None, 1, 1.2, "", "latest", ["1"], {}])
def test_a_version_operator_needs_a_version(operator: str, operand: object) -> None:
    assert "must be a version" in problems_of({"a": {operator: operand}})[f"/a/{operator}"]


@pytest.mark.parametrize(
    ("value", "before", "after"),
    [
        ("2025-12-31T23:59:59.999999Z", True, False),
        ("2026-01-01T00:00:00Z", False, False),
        ("2026-01-01T00:00:00.000001Z", False, True),
        ("2026-01-01T00:30:00+01:00", True, False),
        ("2025-12-31", True, False),
        (datetime(2026, 1, 1, 0, 0, 1, tzinfo=timezone(timedelta(hours=1))), True, False),
        (1_767_225_599_999, True, False),
        (1_767_225_600_000, False, False),
        (1_767_225_600_000.5, False, True),
        pytest.param(10**10_000, False, True, id="huge"),
        (float("-inf"), True, False),
        (float("nan"), False, False),
        *[(value, False, False) for value in ANYTHING],
    ],
)
def test_an_instant_is_before_or_after_another_or_neither(
    value: object, *, before: bool, after: bool
) -> None:
    assert passes({"$before": "2026-01-01T00:00:00Z"}, value) is before
    assert passes({"$after": "2026-01-01T00:00:00Z"}, value) is after


def test_a_missing_instant_is_neither_before_nor_after() -> None:
    assert not holds({"a": {"$before": "2026-01-01T00:00:00Z"}}, {})
    assert not holds({"a": {"$after": "-7d"}}, {}, NOW)


@pytest.mark.parametrize(
    ("duration", "bound"),
    [
        ("-7d", NOW - timedelta(days=7)),
        ("+2h", NOW + timedelta(hours=2)),
        ("-30m", NOW - timedelta(minutes=30)),
        ("-2w", NOW - timedelta(weeks=2)),
        ("+90s", NOW + timedelta(seconds=90)),
    ],
)
def test_a_duration_is_counted_from_the_instant_of_the_decision(duration: str, bound: datetime) -> None:
    tick = timedelta(microseconds=1)

    assert passes({"$before": duration}, bound - tick, NOW)
    assert not passes({"$before": duration}, bound, NOW)
    assert not passes({"$after": duration}, bound, NOW)
    assert passes({"$after": duration}, (bound + tick).isoformat(), NOW)


def test_without_an_instant_of_the_decision_nothing_is_relative_to_it() -> None:
    assert not passes({"$before": "+100d"}, "2026-01-01T00:00:00Z")
    assert not passes({"$after": "-100d"}, "2026-01-01T00:00:00Z")
    assert passes({"$before": "2026-01-02T00:00:00Z"}, "2026-01-01T00:00:00Z")


def test_a_decision_at_the_end_of_the_calendar_can_look_beyond_it() -> None:
    assert passes({"$before": "+36500d"}, "2026-01-01T00:00:00Z", datetime.max.replace(tzinfo=UTC))
    assert passes({"$after": "-36500d"}, "2026-01-01T00:00:00Z", datetime.min.replace(tzinfo=UTC))


@pytest.mark.parametrize("operator", ["$before", "$after"])
@pytest.mark.parametrize(
    "operand", [None, 7, True, "", "7d", "yesterday", "2026-01-01", "-40000d", [], {"$gt": 1}]
)
def test_a_time_operator_needs_an_instant_or_a_duration(operator: str, operand: object) -> None:
    assert "2026-01-31T09:00:00Z" in problems_of({"a": {operator: operand}})[f"/a/{operator}"]
