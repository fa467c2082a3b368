"""How comparisons are put together to conditions, and what of a condition is refused."""

from typing import Any

import pytest

from app.engine.conditions import compile_condition
from app.engine.problems import Problems
from tests.unit.engine.judging import Computed, Strange, holds, passes, problems_of

YES: dict[str, Any] = {"a": 1}
NO: dict[str, Any] = {"a": 2}
VISITOR = {"a": 1, "b": "x"}


def nested(group: str, depth: int) -> dict[str, Any]:
    condition = YES
    for _ in range(depth):
        condition = {group: condition if group == "$not" else [condition]}
    return condition


def test_the_empty_condition_holds_for_everybody() -> None:
    assert holds({}, {})
    assert holds({}, VISITOR)


def test_all_keys_must_hold() -> None:
    assert holds({"a": 1, "b": "x", "c": None}, VISITOR)
    assert not holds({"a": 1, "b": "x", "c": 3}, VISITOR)
    assert not holds({"a": 1, "b": "y"}, VISITOR)


def test_all_operators_of_an_attribute_must_hold() -> None:
    assert passes({"$gt": 1, "$lt": 3, "$ne": 2.5}, 2)
    assert not passes({"$gt": 1, "$lt": 3, "$ne": 2}, 2)


@pytest.mark.parametrize(
    ("conditions", "all_hold", "any_holds", "none_holds"),
    [
        ([], True, True, True),
        ([YES], True, True, False),
        ([NO], False, False, True),
        ([YES, NO], False, True, False),
        ([NO, YES], False, True, False),
        ([YES, {}, YES], True, True, False),
        ([NO, NO, NO], False, False, True),
        ((YES, NO), False, True, False),
    ],
)
def test_groups_ask_for_all_any_or_none(
    conditions: object, *, all_hold: bool, any_holds: bool, none_holds: bool
) -> None:
    assert holds({"$and": conditions}, VISITOR) is all_hold
    assert holds({"$or": conditions}, VISITOR) is any_holds
    assert holds({"$nor": conditions}, VISITOR) is none_holds


def test_not_turns_a_condition_round() -> None:
    assert holds({"$not": NO}, VISITOR)
    assert not holds({"$not": YES}, VISITOR)
    assert not holds({"$not": {}}, VISITOR)
    assert holds({"$not": {"a": 1, "b": "y"}}, VISITOR)


def test_groups_stand_beside_attributes_and_inside_groups() -> None:
    condition = {"b": "x", "$or": [NO, {"$and": [YES, {"$not": {"$nor": [{"b": "x"}]}}]}]}

    assert holds(condition, VISITOR)
    assert not holds(condition, {**VISITOR, "b": "y"})


@pytest.mark.parametrize("group", ["$and", "$or", "$nor", "$not"])
def test_groups_are_nested_to_a_depth_of_32(group: str) -> None:
    assert type(holds(nested(group, 32), VISITOR)) is bool


@pytest.mark.parametrize("depth", [33, 500])
@pytest.mark.parametrize(
    ("group", "step"), [("$and", "/$and/0"), ("$or", "/$or/0"), ("$nor", "/$nor/0"), ("$not", "/$not")]
)
def test_groups_nested_deeper_are_refused(group: str, step: str, depth: int) -> None:
    assert problems_of(nested(group, depth)) == {step * 33: "must not be nested more than 32 levels deep"}


def test_values_and_operators_nested_too_deep_are_refused() -> None:
    values: Any = 1
    for _ in range(400):
        values = [values] if type(values) is dict else {"b": values}
    operators: Any = {"$gt": 1}
    for _ in range(400):
        operators = {"$not": operators}
    sizes: Any = {"$gt": 1}
    for _ in range(400):
        sizes = {"$size": sizes}
    elements: Any = {"a": 1}
    for _ in range(400):
        elements = {"a": {"$elemMatch": elements}}

    for deep in ({"a": values}, {"a": operators}, {"a": sizes}, elements, {"a": {"$elemMatch": operators}}):
        assert list(problems_of(deep).values()) == ["must not be nested more than 32 levels deep"]


def test_a_document_that_holds_itself_is_refused() -> None:
    condition: dict[str, Any] = {}
    condition["$not"] = condition
    operators: dict[str, Any] = {}
    operators["$not"] = operators
    values: list[Any] = []
    values.append(values)

    for endless in (condition, {"a": operators}, {"a": {"$elemMatch": operators}}, {"a": values}):
        assert list(problems_of(endless).values()) == ["must not be nested more than 32 levels deep"]


def test_a_visitor_that_holds_itself_is_judged() -> None:
    visitor: dict[str, Any] = {"list": []}
    visitor["self"] = visitor
    visitor["list"].append(visitor["list"])

    assert holds(
        {"self.self.self.a": None, "list": {"$ne": [[[1]]], "$size": 1}, "self": {"$ne": {"a": 1}}}, visitor
    )


def test_not_turns_operators_round() -> None:
    assert passes({"$not": {"$gt": 3}}, 3)
    assert not passes({"$not": {"$gt": 3}}, 4)
    assert passes({"$not": {"$gt": 3, "$lt": 9}}, 9)
    assert passes({"$not": {"$not": {"$gt": 3}}}, 4)
    assert passes({"$not": {"$gt": "a"}}, True)


@pytest.mark.parametrize("operand", [None, 1, "a", [], [{"$gt": 1}], {}, {"b": 1}])
def test_not_under_an_attribute_needs_operators(operand: object) -> None:
    assert problems_of({"a": {"$not": operand}}) == {
        "/a/$not": 'must be an object of operators, as in {"$gt": 3}'
    }


@pytest.mark.parametrize("value", [["x", "y"], ("x", "y"), {"x", "y"}, frozenset("xy")])
def test_an_array_has_a_size(value: object) -> None:
    assert passes({"$size": 2}, value)
    assert not passes({"$size": 1}, value)
    assert passes({"$size": {"$gt": 1, "$not": {"$in": [3, 4]}}}, value)
    assert not passes({"$size": {"$gt": 2}}, value)


@pytest.mark.parametrize("value", [None, "ab", 2, True, {}, {"a": 1, "b": 2}, Computed({}), Strange()])
def test_nothing_but_an_array_has_a_size(value: object) -> None:
    assert not passes({"$size": {"$gte": 0}}, value)
    assert not passes({"$size": 0}, value)


def test_an_empty_array_has_size_zero() -> None:
    assert passes({"$size": 0}, [])


@pytest.mark.parametrize("operand", [-1, 1.0, True, None, "1", [], {}, {"a": 1}])
def test_a_size_is_a_count_or_operators(operand: object) -> None:
    assert "integer of 0 or more" in problems_of({"a": {"$size": operand}})["/a/$size"]


def test_some_element_must_pass_all_operators() -> None:
    assert passes({"$elemMatch": {"$gt": 3, "$lt": 6}}, [1, 5, 9])
    assert passes({"$elemMatch": {"$gt": 3, "$lt": 6}}, {1, 5})
    assert not passes({"$elemMatch": {"$gt": 3, "$lt": 6}}, [1, 9])
    assert not passes({"$elemMatch": {"$gt": 3}}, [])
    assert passes({"$elemMatch": {"$not": {"$regex": "^x"}}}, ["x", "y"])
    assert passes({"$elemMatch": {"$type": "null"}}, [None])
    assert passes({"$elemMatch": {"$elemMatch": {"$eq": 1}}}, [[2], [1]])
    assert passes({"$elemMatch": {"$in": ["a"]}}, [["b", "a"]])


def test_some_element_must_pass_a_whole_condition() -> None:
    orders = [{"id": 1, "value": 5, "lines": [{"sku": "a"}]}, {"id": 2, "value": 50}, "no order", None, 7]

    assert passes({"$elemMatch": {"id": 2, "value": {"$gt": 9}}}, orders)
    assert not passes({"$elemMatch": {"id": 1, "value": {"$gt": 9}}}, orders)
    assert passes({"$elemMatch": {"$or": [{"id": 3}, {"value": 5}]}}, orders)
    assert passes({"$elemMatch": {"$not": {"value": {"$gt": 9}}}}, orders)
    assert passes({"$elemMatch": {"$not": {"value": 5}, "id": 2}}, orders)
    assert passes({"$elemMatch": {"lines": {"$elemMatch": {"sku": "a"}}}}, orders)
    assert passes({"$elemMatch": {"name": "lazy"}}, [Computed({"name": "lazy"})])


def test_the_empty_condition_holds_for_elements_that_are_objects() -> None:
    assert passes({"$elemMatch": {}}, [1, {}])
    assert not passes({"$elemMatch": {}}, [1, "a", None, []])


@pytest.mark.parametrize("value", [None, "a", 1, True, {"id": 1}, Computed({"id": 1}), Strange()])
def test_only_arrays_have_elements(value: object) -> None:
    assert not passes({"$elemMatch": {"id": 1}}, value)
    assert not passes({"$elemMatch": {"$exists": False}}, value)


@pytest.mark.parametrize(
    ("operand", "pointer"),
    [
        (None, ""),
        ([{"a": 1}], ""),
        ({"$gt": None}, "/$gt"),
        ({"b": {"$gt": None}}, "/b/$gt"),
        ({"$gt": 1, "b": 1}, "/$gt"),
        ({"$not": 1}, "/$not"),
        ({"$foo": 1}, "/$foo"),
        ({"b.": 1}, "/b."),
        ({7: 1}, ""),
    ],
)
def test_what_is_wrong_about_elements_is_refused_where_it_stands(operand: object, pointer: str) -> None:
    assert list(problems_of({"a": {"$elemMatch": operand}})) == [f"/a/$elemMatch{pointer}"]


@pytest.mark.parametrize("document", [None, 1, "a", [], [{}], True])
def test_a_condition_is_an_object(document: object) -> None:
    assert problems_of(document) == {"": "must be an object of conditions"}
    assert problems_of({"$and": [{}, document]}) == {"/$and/1": "must be an object of conditions"}
    assert problems_of({"$not": document}) == {"/$not": "must be an object of conditions"}


@pytest.mark.parametrize("group", ["$and", "$or", "$nor"])
@pytest.mark.parametrize("operand", [None, 1, "a", {}, {"a": 1}])
def test_a_group_is_an_array_of_conditions(group: str, operand: object) -> None:
    assert problems_of({group: operand}) == {f"/{group}": "must be an array of conditions"}


@pytest.mark.parametrize(
    ("condition", "pointer", "message"),
    [
        ({"a": {"$gtt": 1}}, "/a/$gtt", "unknown operator '$gtt'; did you mean $gt"),
        ({"a": {"$regx": "x"}}, "/a/$regx", "did you mean $regex?"),
        ({"a": {"$inn": [1]}}, "/a/$inn", "did you mean $in?"),
        ({"a": {"$": 1}}, "/a/$", "known are $eq, $ne,"),
        ({"$adn": []}, "/$adn", "unknown operator '$adn'; did you mean $and?"),
        ({"$exists": True}, "/$exists", "must stand under the name of one"),
        ({"$size": 1}, "/$size", "must stand under the name of one"),
        ({"a": {"$or": []}}, "/a/$or", "$or groups conditions, so it cannot stand under an attribute"),
        ({"a": {"$gt": 1, "b": 2}}, "/a", "must not mix operators with other keys"),
        ({"a": {"$gt": 1, 5: 2}}, "/a", "must not mix operators with other keys"),
        ({5: 1}, "", "must have strings as keys"),
    ],
)
def test_what_is_no_operator_is_refused(condition: object, pointer: str, message: str) -> None:
    problems = problems_of(condition)

    assert list(problems) == [pointer]
    assert message in problems[pointer]


def test_every_problem_is_found_at_once_with_its_place() -> None:
    condition = {
        "a/b": {"$gtt": 1, "$in": 3},
        "c~": {"$size": -1},
        "$or": [{"d": {"$regex": "["}}, 5, {"e..f": 1}],
        "$not": {"g": {"$not": {"$lt": None}}},
        "h": {"$elemMatch": {"i": {"$type": "x"}}},
    }

    assert list(problems_of(condition, pointer="/segments/3/condition")) == [
        f"/segments/3/condition{place}"
        for place in (
            "/a~1b/$gtt",
            "/a~1b/$in",
            "/c~0/$size",
            "/$or/0/d/$regex",
            "/$or/1",
            "/$or/2/e..f",
            "/$not/g/$not/$lt",
            "/h/$elemMatch/i/$type",
        )
    ]


def test_a_refusal_can_be_read_in_one_line() -> None:
    with pytest.raises(Problems, match=r"^/a/\$gt: must be a finite number or a string$"):
        compile_condition({"a": {"$gt": None}})


def test_a_compiled_condition_does_not_change_with_its_document() -> None:
    condition: dict[str, Any] = {"a": {"$in": ["x"]}, "b": {"c": [1]}}
    predicate = compile_condition(condition)
    condition["a"]["$in"].append("y")
    condition["b"]["c"].append(2)

    assert predicate({"a": "x", "b": {"c": [1]}})
    assert not predicate({"a": "y", "b": {"c": [1]}})


def test_a_condition_of_ten_thousand_comparisons_is_judged() -> None:
    condition = {"$or": [{"a": {"$gt": number}} for number in range(10_000, 0, -1)]}

    assert holds(condition, {"a": 2})
    assert not holds(condition, {"a": 1})
