"""What an author reads where a condition cannot be compiled, word for word."""

from typing import Any

import pytest

from app.engine.conditions import warnings_of
from tests.unit.engine.judging import problems_of

DEEP: dict[str, Any] = {}
DEEP["$not"] = DEEP


@pytest.mark.parametrize(
    ("condition", "pointer", "message"),
    [
        (None, "", "must be an object of conditions"),
        (DEEP, "/$not" * 33, "must not be nested more than 32 levels deep"),
        ({7: 1}, "", "must have strings as keys"),
        ({"$and": {}}, "/$and", "must be an array of conditions"),
        ({"$gt": 1}, "/$gt", "$gt compares an attribute, so it must stand under the name of one"),
        ({"$nott": {}}, "/$nott", "unknown operator '$nott'; did you mean $not?"),
        ({"$x": {}}, "/$x", "unknown operator '$x'; known are $and, $or, $nor, $not"),
        ({"a": {"$and": []}}, "/a/$and", "$and groups conditions, so it cannot stand under an attribute"),
        ({"a": {"$sizes": 1}}, "/a/$sizes", "unknown operator '$sizes'; did you mean $size?"),
        ({"a": {"$gt": 1, "b": 1}}, "/a", "must not mix operators with other keys"),
        ({"a": {"$not": 1}}, "/a/$not", 'must be an object of operators, as in {"$gt": 3}'),
        (
            {"a": {"$size": -1}},
            "/a/$size",
            'must be an integer of 0 or more, or an object of operators, as in {"$gt": 3}',
        ),
        ({"a": {"$gt": None}}, "/a/$gt", "must be a finite number or a string"),
        ({"a": {"$in": 1}}, "/a/$in", "must be an array"),
        ({"a": b"x"}, "/a", "must be a JSON value, not a bytes"),
        ({"a": {"b": {1: 1}}}, "/a/b", "must have strings as keys"),
        (
            {"a": {"$eq": {"$gt": 1}}},
            "/a/$eq",
            "must be a value to compare with; operators cannot stand here",
        ),
        ({"a": {"$exists": 1}}, "/a/$exists", "must be true or false"),
        ({"a": {"$type": "nul"}}, "/a/$type", "must name a type; did you mean null?"),
        (
            {"a": {"$type": 1}},
            "/a/$type",
            "must name a type; known are string, number, boolean, array, object, null, undefined",
        ),
        ({"a": {"$regex": 1}}, "/a/$regex", "must be a regular expression in a string"),
        ({"a": {"$regex": "[a"}}, "/a/$regex", "must be a valid RE2 pattern: missing ]: [a"),
        (
            {"a": {"$regex": "[\ud800"}},
            "/a/$regex",
            "must be a valid RE2 pattern: missing ]: [\ufffd\ufffd\ufffd",
        ),
        (
            {"a": {"$regex": "a" * 1_497}},
            "/a/$regex",
            "must be a smaller pattern: this one repeats or lists too much",
        ),
        ({"a": {"$veq": "x"}}, "/a/$veq", "must be a version like 1.2.3 or 2.0.0-rc.1"),
        (
            {"a": {"$after": "7d"}},
            "/a/$after",
            (
                "must be an instant like 2026-01-31T09:00:00Z, or a duration from now like -7d or +2h"
                " (s, m, h, d or w; at most 36,500 days)"
            ),
        ),
        ({"a.": 1}, "/a.", "'a.' is no path: say it like traits.plan.tier, without empty parts"),
        (
            {"events.x": 1},
            "/events.x",
            "must be events.<name>.<attribute>, as in events.order_completed.count",
        ),
        (
            {"events.x.count_91d": 1},
            "/events.x.count_91d",
            "events have no attribute 'count_91d'; a window has 1 to 90 days, as in count_30d",
        ),
        (
            {"events.x.cuont": 1},
            "/events.x.cuont",
            "events have no attribute 'cuont'; did you mean count?",
        ),
        (
            {"events.x.zzz": 1},
            "/events.x.zzz",
            (
                "events have no attribute 'zzz'; known are count, count_30d, count_since_<event>,"
                " sum_<property>, first_at, last_at, days_since, last_<property>"
            ),
        ),
        (
            {"events.x.last_at": {"$gt": 1}},
            "/events.x.last_at/$gt",
            "is about an instant; ask for it with $before and $after",
        ),
        (
            {"events.x.count": {"$regex": "1"}},
            "/events.x.count/$regex",
            "is about a number, which '$regex' cannot be asked of",
        ),
        (
            {"events.x.count": "1"},
            "/events.x.count",
            "is about a number, so it must be compared with numbers or null",
        ),
    ],
)
def test_a_refusal_says_what_would_be_right(condition: Any, pointer: str, message: str) -> None:
    assert problems_of(condition) == {pointer: message}


def test_a_warning_says_what_to_add() -> None:
    (warning,) = warnings_of({"traits.age": {"$lt": 18}})

    assert warning.pointer == "/traits.age/$lt"
    assert warning.message == (
        "also compares visitors without 'traits.age', as 0; add {\"$exists\": true} to leave them out"
    )
