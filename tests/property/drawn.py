"""Conditions, rules and visitors drawn at random, for whatever finds out who is meant."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from app.engine.model import Document
from app.engine.ruleset import Ruleset
from app.engine.visitor import Visitor
from tests.builders import NOW, event, journey, parsed, placement, profile, rule, segment, visitor

PLACEMENTS = ("home.hero", "home.side")
SEGMENTS = ("adult", "german", "returning")
STAGES = ("new", "known", "loyal")
PURPOSES = ("personalization", "analytics")

NUMBERS = st.sampled_from([-1, 0, 1, 2, 18, 0.0, 1.0, 1.5, 2.5, 10**400])
TEXTS = st.sampled_from(
    ["", "a", "DE", "de", "0", "1", " 2.5 ", "1e0", "1_0", "nan", "/a", "/a/b", "/a/b.html"]
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
LITERALS = SCALARS | st.lists(SCALARS, max_size=2) | st.just({"a": 1})
GIVEN = LITERALS | st.sampled_from(
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        {1, "a"},
        (True, "DE"),
        frozenset({None}),
        [[1], {"a": 1}],
        NOW,
    ]
)
PATTERNS = st.sampled_from(["^", "^/a", "^/a/", r"^/a/b\.html", "^/a|1", "a", "^/A", "^/a$", r"^\/a", "^D"])
OPERATORS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("$eq", "$ne"), LITERALS),
    **dict.fromkeys(("$in", "$nin"), st.lists(SCALARS, max_size=3) | st.lists(LITERALS, max_size=3)),
    **dict.fromkeys(("$lt", "$lte", "$gt", "$gte"), NUMBERS | TEXTS),
    **dict.fromkeys(("$regex", "$regexi"), PATTERNS),
    "$exists": st.booleans(),
    "$type": st.sampled_from(["number", "null", "undefined"]),
}
PATHS = st.sampled_from(["context.x", "context.y", "context.deep.x", "traits.x"])
COUNTS = st.sampled_from(["events.viewed.count", "events.viewed.days_since", "events.Viewed.count_2d"])


def asking(operators: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({operator: OPERATORS[operator] for operator in operators})


COMPARED = st.lists(st.sampled_from(sorted(OPERATORS)), min_size=1, max_size=2, unique=True).flatmap(asking)
COUNTED = st.sampled_from(["$lt", "$lte", "$gt", "$gte", "$eq", "$ne"]).flatmap(
    lambda operator: NUMBERS.map(lambda bound: {operator: bound})
)
OF_SEGMENTS = st.sampled_from(["$in", "$nin", "$all", "$eq"]).flatmap(
    lambda operator: st.lists(st.sampled_from(SEGMENTS), max_size=2).map(lambda keys: {operator: keys})
)
ATTRIBUTES = st.dictionaries(PATHS, COMPARED | LITERALS, max_size=2) | st.dictionaries(
    COUNTS, COUNTED, max_size=2
)
FLAT = (
    ATTRIBUTES
    | st.fixed_dictionaries({"segments": OF_SEGMENTS})
    | st.fixed_dictionaries({"stage": st.sampled_from([*STAGES, None])})
)


def nested(flat: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions that group others."""
    return st.recursive(
        flat,
        lambda inner: (
            st.tuples(st.sampled_from(["$and", "$and", "$or", "$nor"]), st.lists(inner, max_size=3)).map(
                lambda pair: {pair[0]: pair[1]}
            )
            | inner.map(lambda condition: {"$not": condition})
        ),
        max_leaves=4,
    )


CONDITIONS = nested(FLAT)
AUDIENCES = st.fixed_dictionaries(
    {},
    optional={
        "stages": st.lists(st.sampled_from(STAGES), max_size=2),
        "segments": st.lists(st.sampled_from(SEGMENTS), max_size=2),
        "not_segments": st.lists(st.sampled_from(SEGMENTS), max_size=2),
        "condition": CONDITIONS,
    },
)
INSTANTS = st.integers(-2, 2).map(lambda hours: (NOW + timedelta(hours=hours)).isoformat())
SCHEDULES = st.fixed_dictionaries(
    {},
    optional={
        "starts_at": INSTANTS,
        "ends_at": INSTANTS,
        "timezone": st.sampled_from(["Asia/Tokyo", "UTC"]),
        "windows": st.lists(st.sampled_from([{"from": "12:00"}, {"to": "12:00"}, {"days": [3]}]), max_size=2),
    },
)
FIELDS = st.fixed_dictionaries(
    {"placements": st.lists(st.sampled_from(PLACEMENTS), min_size=1, max_size=2)},
    optional={
        "audience": AUDIENCES,
        "schedule": SCHEDULES,
        "consent": st.lists(st.sampled_from(PURPOSES), max_size=2),
        "in_holdout": st.booleans(),
        "priority": st.integers(0, 2),
        "enabled": st.sampled_from([True, True, True, False]),
    },
)


# Where a visitor can stand, by what `visitors` draws.
STANDS = {
    "segments": [
        segment("adult", {"context.x": {"$gte": 18}}),
        segment("german", {"context.y": "DE"}),
        segment("returning", {"events.viewed.count": {"$gte": 1}}),
    ],
    "journeys": [journey("new", {"key": "known", "when": {"context.y": {"$exists": True}}}, "loyal")],
}


def document_of(fields: list[dict[str, Any]]) -> Document:
    return parsed(
        site={"timezone": "Europe/London"},
        placements=[placement(key) for key in PLACEMENTS],
        **STANDS,
        rules=[rule(f"r{n}", **each) for n, each in enumerate(fields)],
    )


DOCUMENTS = st.lists(FIELDS, min_size=3, max_size=10).map(document_of)


@st.composite
def visitors(draw: st.DrawFn, rules: Ruleset) -> Visitor:
    context = draw(
        st.fixed_dictionaries({}, optional={"x": GIVEN, "y": GIVEN, "deep": GIVEN | st.just({"x": 1})})
    )
    traits = draw(st.fixed_dictionaries({}, optional={"x": GIVEN}))
    known = profile(
        rules, *[event("viewed", NOW - timedelta(days=n)) for n in range(draw(st.integers(0, 3)))]
    )
    known.traits.update(traits)
    at = NOW + timedelta(hours=draw(st.integers(-2, 2)), microseconds=draw(st.integers(-1, 1)))
    return visitor(rules, known, context, at, consent=draw(st.frozensets(st.sampled_from(PURPOSES))))
