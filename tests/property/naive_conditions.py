"""The condition language read straight off its description, slowly: what the compiled one must agree with."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cmp_to_key
from typing import Any

GROUPS: dict[str, Callable[[list[bool]], bool]] = {
    "$and": all,
    "$or": lambda verdicts: any(verdicts) or not verdicts,
    "$nor": lambda verdicts: not any(verdicts),
}
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def judge(condition: Any, attributes: Any, now: datetime) -> bool:
    """Say whether a well-formed condition holds for a visitor of plain JSON."""
    verdicts = []
    for key, value in condition.items():
        if key in GROUPS:
            verdicts.append(GROUPS[key]([judge(inner, attributes, now) for inner in value]))
        elif key == "$not":
            verdicts.append(not judge(value, attributes, now))
        else:
            verdicts.append(judge_value(value, *value_at(attributes, key), now))
    return all(verdicts)


def value_at(attributes: Any, path: str) -> tuple[Any, bool]:
    """Give the value at a path, and whether there is one."""
    for part in path.split("."):
        if not isinstance(attributes, dict) or part not in attributes:
            return None, False
        attributes = attributes[part]
    return attributes, True


def judge_value(expected: Any, value: Any, there: bool, now: datetime) -> bool:  # noqa: FBT001 -- one of a pair
    if isinstance(expected, dict) and any(key.startswith("$") for key in expected):
        return all(judge_operator(key, operand, value, there, now) for key, operand in expected.items())
    return same(expected, value)


def same(one: Any, other: Any) -> bool:
    """Compare as JSON does: by kind first, so that true is not 1."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return kind_of(one) == kind_of(other) and bool(one == other)


def kind_of(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return kinds[type(value)]


def judge_operator(name: str, operand: Any, value: Any, there: bool, now: datetime) -> bool:  # noqa: C901, FBT001, PLR0911, PLR0912 -- one case per operator, in the order of the description
    match name:
        case "$eq":
            return same(operand, value)
        case "$ne":
            return not same(operand, value)
        case "$lt" | "$lte" | "$gt" | "$gte":
            return compares(name[1:], value, operand)
        case "$in":
            return any(same(wanted, given) for wanted in operand for given in many(value))
        case "$all":
            return isinstance(value, list) and all(any(same(w, g) for g in value) for w in operand)
        case "$nin" | "$nini":
            return not judge_operator(name.replace("n", "", 1), operand, value, there, now)
        case "$ini" | "$alli":
            return judge_operator(name[:-1], lowered(operand), lowered(value), there, now)
        case "$size" if isinstance(value, list):
            return judge_value(operand, len(value), there, now)
        case "$elemMatch" if isinstance(value, list):
            return any(judge_element(operand, element, now) for element in value)
        case "$regex":
            return isinstance(value, str) and bool(re.search(operand, value))
        case "$regexi":
            return isinstance(value, str) and bool(re.search(operand, value, re.IGNORECASE))
        case "$exists":
            return (value is not None) is operand
        case "$type":
            return bool(operand == (kind_of(value) if there else "undefined"))
        case "$not":
            return not judge_value(operand, value, there, now)
        case "$before" | "$after":
            instant = instant_of(value)
            bound = bound_of(operand, now)
            return instant is not None and (instant < bound if name == "$before" else instant > bound)
        case "$veq" | "$vne" | "$vlt" | "$vlte" | "$vgt" | "$vgte":
            return is_version(value) and holds_for(name[2:], compare_versions(value, operand))
    return False


def judge_element(operand: Any, element: Any, now: datetime) -> bool:
    if is_about_itself(operand):
        return judge_value(operand, element, True, now)
    return isinstance(element, dict) and judge(operand, element, now)


def is_about_itself(operand: Any) -> bool:
    """Say whether it is the element that is compared, and not what is in it; `$not` alone does not tell."""
    if operand.keys() == {"$not"}:
        return is_about_itself(operand["$not"])
    return bool(operand) and all(key.startswith("$") and key not in GROUPS for key in operand)


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def lowered(value: Any) -> Any:
    if isinstance(value, list):
        return [element.casefold() if isinstance(element, str) else element for element in value]
    return value.casefold() if isinstance(value, str) else value


def holds_for(comparison: str, order: int) -> bool:
    orders = {"eq": [0], "ne": [-1, 1], "lt": [-1], "lte": [-1, 0], "gt": [1], "gte": [0, 1]}
    return order in orders[comparison]


def order_of(one: Any, other: Any) -> int:
    return int(one > other) - int(one < other)


def compares(comparison: str, value: Any, bound: Any) -> bool:
    if isinstance(value, str) and isinstance(bound, str):
        return holds_for(comparison, order_of(value, bound))
    left, right = as_number(value), as_number(bound)
    return left is not None and right is not None and holds_for(comparison, order_of(left, right))


def as_number(value: Any) -> float | None:
    if value is None:
        return 0
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", value) else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def instant_of(value: Any) -> datetime | None:
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value):
        read = datetime.fromisoformat(value)
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
    return None


def bound_of(operand: str, now: datetime) -> datetime:
    if operand[0] in "+-":
        return now + timedelta(**{UNITS[operand[-1]]: int(operand[:-1])})
    return datetime.fromisoformat(operand)


def is_version(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"v?\d+(\.\d+)*(-[\w-]+(\.[\w-]+)*)?", value))


def compare_versions(one: str, other: str) -> int:
    """Compare by the paragraphs of https://semver.org, section 11."""
    (core, _, pre), (other_core, _, other_pre) = (
        one.lstrip("v").partition("-"),
        other.lstrip("v").partition("-"),
    )
    length = max(core.count("."), other_core.count(".")) + 1
    numbers, other_numbers = (
        ([int(part) for part in text.split(".")] + [0] * length)[:length] for text in (core, other_core)
    )
    if numbers != other_numbers:
        return order_of(numbers, other_numbers)
    if not pre or not other_pre:
        return order_of(not pre, not other_pre)
    key = cmp_to_key(compare_identifiers)
    return order_of([key(part) for part in pre.split(".")], [key(part) for part in other_pre.split(".")])


def compare_identifiers(one: str, other: str) -> int:
    if one.isdigit() and other.isdigit():
        return order_of(int(one), int(other))
    return order_of((not one.isdigit(), one), (not other.isdigit(), other))
