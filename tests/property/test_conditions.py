"""Whatever the condition and whatever the visitor, compiled conditions keep their promises."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.conditions import attributes_of, compile_condition, operands_of, warnings_of
from app.engine.lookup import Lookup
from app.engine.names import snake_case
from app.engine.operators import OPERATORS
from app.engine.problems import Problems
from tests.property.naive_conditions import judge

NOW = datetime(2026, 1, 8, tzinfo=UTC)
EXAMPLES = settings(max_examples=300, deadline=None)
FEWER_EXAMPLES = settings(EXAMPLES, max_examples=100)

NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.sampled_from(["a", "b", "c", "a.b", "b.c", "a.b.c", "a.b.c.a"])
NUMBERS = st.sampled_from([-1, 0, 1, 2, 3, 0.0, 1.0, 1.5, 2.5, 1_767_225_600_000])
INSTANTS = st.sampled_from(
    ["2026-01-01T00:00:00+00:00", "2026-01-01T01:00:00+01:00", "2026-01-09T00:00:00+00:00"]
)
VERSIONS = st.sampled_from(
    ["1", "1.0.0", "v1.2", "1.10", "1.2-rc", "1.2-rc.1", "1.2-rc.x", "1.2-2", "2.0.0.1"]
)
TEXTS = st.sampled_from(["", "a", "A", "ab", "b", "ß", "SS", "0", "1", "2.50", " 3 ", "-1", "2026-01-01"])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS | VERSIONS | INSTANTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
VISITORS = st.dictionaries(NAMES, VALUES, max_size=3)
TYPES = st.sampled_from(["string", "number", "boolean", "array", "object", "null", "undefined"])
PATTERNS = st.sampled_from(["a", "^a", "b$", "", "^$", "[0-9]+", "a|b", r"^\s*[a-c]+"])
BOUNDS = INSTANTS | st.sampled_from(["-7d", "+1d", "-1w", "-168h", "+24h", "-10080m", "-604800s"])
ORDERINGS = ("$lt", "$lte", "$gt", "$gte")
OPERANDS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("$eq", "$ne"), VALUES),
    **dict.fromkeys(ORDERINGS, NUMBERS | TEXTS),
    **dict.fromkeys(("$in", "$nin", "$all", "$ini", "$nini", "$alli"), st.lists(VALUES, max_size=4)),
    **dict.fromkeys(("$regex", "$regexi"), PATTERNS),
    **dict.fromkeys((f"$v{name}" for name in ("eq", "ne", "lt", "lte", "gt", "gte")), VERSIONS),
    **dict.fromkeys(("$before", "$after"), BOUNDS),
    "$exists": st.booleans(),
    "$type": TYPES,
}


def one_operator(name: str) -> st.SearchStrategy[dict[str, Any]]:
    return OPERANDS[name].map(lambda operand: {name: operand})


def merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: value for part in parts for key, value in part.items()}


def some_of(parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.lists(parts, min_size=1, max_size=3).map(merged)


def beneath(name: str, inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return inner.map(lambda operand: {name: operand})


FLAT_OPERATORS = st.one_of(*map(one_operator, sorted(OPERANDS)))
OPERATOR_OBJECTS = some_of(
    st.recursive(
        FLAT_OPERATORS,
        lambda inner: (
            beneath("$not", some_of(inner))
            | beneath("$size", some_of(inner) | st.integers(0, 3))
            | beneath("$elemMatch", some_of(inner))
        ),
        max_leaves=3,
    )
)
ATTRIBUTES = st.tuples(PATHS, OPERATOR_OBJECTS | VALUES).map(lambda pair: dict([pair]))
CONDITIONS = some_of(
    st.recursive(
        ATTRIBUTES,
        lambda inner: (
            st.tuples(st.sampled_from(["$and", "$or", "$nor"]), st.lists(some_of(inner), max_size=3)).map(
                lambda pair: {pair[0]: pair[1]}
            )
            | beneath("$not", some_of(inner))
            | st.tuples(PATHS, beneath("$elemMatch", some_of(inner))).map(lambda pair: dict([pair]))
        ),
        max_leaves=5,
    )
)


class Lazy(Lookup):
    """A visitor whose objects are all worked out when they are asked for."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers

    def get(self, key: str, /) -> object:
        answer = self.answers.get(key)
        return Lazy(answer) if isinstance(answer, dict) else answer


@EXAMPLES
@given(CONDITIONS, VISITORS)
def test_a_compiled_condition_says_what_the_description_says(condition: Any, visitor: Any) -> None:
    assert compile_condition(condition)(visitor, NOW) is judge(condition, visitor, NOW)


@EXAMPLES
@given(PATHS, st.sampled_from(sorted(OPERANDS)), st.data())
def test_each_operator_says_what_the_description_says(path: str, operator: str, data: st.DataObject) -> None:
    condition = {path: {operator: data.draw(OPERANDS[operator])}}
    visitor = data.draw(VALUES)
    for part in reversed(path.split(".")):
        visitor = {part: visitor}

    assert compile_condition(condition)(visitor, NOW) is judge(condition, visitor, NOW)


def test_every_operator_is_among_those_compared() -> None:
    assert set(OPERANDS) == set(OPERATORS)


def reordered(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: reordered(document[key]) for key in reversed(document)}
    return [reordered(element) for element in document] if isinstance(document, list) else document


@FEWER_EXAMPLES
@given(CONDITIONS, VISITORS)
def test_the_order_of_keys_is_irrelevant(condition: Any, visitor: Any) -> None:
    verdict = compile_condition(condition)(visitor, NOW)

    assert compile_condition(reordered(condition))(visitor, NOW) is verdict
    assert compile_condition(condition)(reordered(visitor), NOW) is verdict


@FEWER_EXAMPLES
@given(CONDITIONS, VISITORS)
def test_not_is_the_opposite(condition: Any, visitor: Any) -> None:
    verdict = compile_condition(condition)(visitor, NOW)

    assert compile_condition({"$not": condition})(visitor, NOW) is not verdict
    assert compile_condition({"$nor": [condition]})(visitor, NOW) is not verdict
    assert compile_condition({"$not": {"$not": condition}})(visitor, NOW) is verdict


OBJECTS = st.recursive(TEXTS, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=6)
OF_TEXTS = st.one_of(*map(one_operator, [*ORDERINGS, "$regex", "$regexi", "$exists", "$type"]))


@EXAMPLES
@given(st.dictionaries(PATHS, OF_TEXTS, max_size=3), st.dictionaries(NAMES, OBJECTS, max_size=3))
def test_it_is_all_one_whether_attributes_are_there_or_worked_out(condition: Any, visitor: Any) -> None:
    predicate = compile_condition(condition)

    assert predicate(Lazy(visitor), NOW) is predicate(visitor, NOW)


NEARLY_PATHS = ("a", "b.c", "events.x.count", "events.x.last_y", "", "a..b")
NEARLY_OPERATORS = ("$and", "$or", "$nor", "$not", "$foo", "$size", "$elemMatch", *sorted(OPERATORS))
KEYS = st.sampled_from([*NEARLY_PATHS, *NEARLY_OPERATORS])
GARBAGE_VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["-7d", "1.2.3", "[", "number", "2026-01-01T00:00:00Z", "\ud800"])
    | st.just(4_000).map(lambda digits: 10**digits)
    | st.binary(max_size=2)
)
GARBAGE = st.recursive(
    GARBAGE_VALUES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.tuples(inner, inner).map(tuple)
    ),
    max_leaves=12,
)
GARBAGE_CONDITIONS = st.dictionaries(KEYS | st.text(max_size=4), GARBAGE, max_size=3)
GARBAGE_ATTRIBUTES = st.recursive(
    GARBAGE_VALUES
    | st.datetimes()
    | st.datetimes(timezones=st.timezones())
    | st.timedeltas()
    | st.complex_numbers()
    | st.frozensets(GARBAGE_VALUES, max_size=3)
    | st.just(object()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.integers(), inner, max_size=3),
    max_leaves=8,
)


@EXAMPLES
@given(GARBAGE_CONDITIONS, st.dictionaries(NAMES, GARBAGE_ATTRIBUTES), st.none() | st.datetimes())
def test_what_is_compiled_never_fails(condition: Any, visitor: Any, now: datetime | None) -> None:
    pointers = ["/here"]
    try:
        predicate = compile_condition(condition, pointer="/here")
    except Problems as error:
        pointers = [problem.pointer for problem in error.problems]
    else:
        assert type(predicate(visitor, now)) is bool
    assert pointers
    assert all(pointer.startswith("/here") for pointer in pointers)


@FEWER_EXAMPLES
@given(CONDITIONS, st.dictionaries(NAMES, GARBAGE_ATTRIBUTES), st.none() | st.datetimes())
def test_a_sound_condition_never_fails(condition: Any, visitor: Any, now: datetime | None) -> None:
    assert type(compile_condition(condition)(visitor, now)) is bool


@FEWER_EXAMPLES
@given(GARBAGE_CONDITIONS)
def test_what_a_condition_asks_for_can_always_be_listed(condition: Any) -> None:
    for path in attributes_of(condition):
        assert all(type(literal) is str for literal in operands_of(condition, path))
    assert all(warning.pointer.startswith("/here/") for warning in warnings_of(condition, pointer="/here"))


@FEWER_EXAMPLES
@given(CONDITIONS)
def test_a_condition_asks_for_nothing_but_its_attributes(condition: Any) -> None:
    asked: set[str] = set()

    class Watched(Lookup):
        def get(self, key: str, /) -> object:
            asked.add(key)
            return None

    compile_condition(condition)(Watched(), NOW)

    assert asked <= {path.partition(".")[0] for path in attributes_of(condition)}


@EXAMPLES
@given(st.text())
def test_a_name_in_snake_case_stays_as_it_is(name: str) -> None:
    assert snake_case(snake_case(name)) == snake_case(name)


@FEWER_EXAMPLES
@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()),  # noqa: DTZ001 -- bounds have no zone
    st.timedeltas(timedelta(-30_000), timedelta(30_000)),
)
def test_an_instant_is_before_another_however_both_are_written(instant: datetime, gap: timedelta) -> None:
    other = (instant.astimezone(UTC) + gap).isoformat()

    for operator, expected in (("$before", gap > timedelta()), ("$after", gap < timedelta())):
        predicate = compile_condition({"a": {operator: other}})
        assert predicate({"a": instant}) is expected
        assert predicate({"a": instant.astimezone(UTC).isoformat()}) is expected
