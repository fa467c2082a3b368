"""Whatever the segments and whoever asks, those are found that asking each of them finds."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.compile import compile_ruleset
from app.engine.conditions import compile_condition
from app.engine.forced import NOTHING_FORCED, Forced
from app.engine.model import Document
from app.engine.profile import Profile
from app.engine.ruleset import Ruleset
from app.engine.segments import SegmentGroup
from app.engine.visitor import Standing, Visitor
from tests.builders import NOW, journey, parsed, segment
from tests.property.drawn import ATTRIBUTES, nested, visitors

EXAMPLES = settings(max_examples=200, deadline=None)
FIRST, SECOND, THIRD = (tuple(f"{wave}{n}" for n in range(4)) for wave in "abc")
STAGES = ("new", "known", "loyal")


def referring(keys: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions on whether a visitor is in some segments."""
    named = st.lists(st.sampled_from(keys), min_size=1, max_size=2)
    return st.sampled_from(["$in", "$nin", "$all"]).flatmap(
        lambda operator: named.map(lambda some: {"segments": {operator: some}})
    )


OF_STAGES = st.tuples(st.sampled_from(["stage", "stages.purchase"]), st.sampled_from(STAGES)).map(
    lambda drawn: {drawn[0]: drawn[1]}
)
WAVES = (
    (FIRST, nested(ATTRIBUTES)),
    (SECOND, nested(ATTRIBUTES | referring(FIRST))),
    (THIRD, nested(ATTRIBUTES | referring(FIRST + SECOND) | OF_STAGES)),
)
WHEN = nested(ATTRIBUTES | referring(FIRST + SECOND))
FORCED = st.builds(
    Forced,
    stages=st.fixed_dictionaries({}, optional={"purchase": st.sampled_from(STAGES)}),
    segments=st.dictionaries(st.sampled_from(FIRST + SECOND + THIRD), st.booleans(), max_size=4),
    only=st.booleans(),
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Segments, some of which refer to others and to stages, which rest on some of them."""
    segments = [segment(key, draw(asked)) for keys, asked in WAVES for key in keys]
    return parsed(
        segments=draw(st.permutations(segments)),
        journeys=[journey("new", *({"key": key, "when": draw(WHEN)} for key in STAGES[1:]))],
    )


def found_alone(written: Document, seen: Visitor, forced: Forced = NOTHING_FORCED) -> set[str]:
    """Ask each condition by itself; each says of a visitor who is seen wholly what it says in its turn."""
    said = {
        one.key: (forced.membership(one.key), compile_condition(one.condition)(seen, seen.now))
        for one in written.segments
    }
    return {key for key, (forced_in, holds) in said.items() if (holds if forced_in is None else forced_in)}


def groups_of(rules: Ruleset) -> list[SegmentGroup]:
    return [step for step in rules.order if isinstance(step, SegmentGroup)]


@EXAMPLES
@given(written=documents(), data=st.data())
def test_the_segments_found_are_those_whose_conditions_hold(
    *, written: Document, data: st.DataObject
) -> None:
    rules = compile_ruleset(written, 1)

    for seen in [data.draw(visitors(rules)) for _ in range(4)]:
        alone = found_alone(written, seen)
        assert seen.segments == [key for key in rules.segments if key in alone]


@EXAMPLES
@given(written=documents(), data=st.data())
def test_what_was_remembered_of_one_visitor_is_right_for_another(
    *, written: Document, data: st.DataObject
) -> None:
    rules = compile_ruleset(written, 1)
    first = [data.draw(visitors(rules)) for _ in range(4)]
    known = [dict(group.known) for group in groups_of(rules)]
    again = [rules.see(seen.profile, seen.context, seen.standing, seen.now) for seen in reversed(first)]

    assert [group.known for group in groups_of(rules)] == known
    assert [seen.segments for seen in reversed(again)] == [seen.segments for seen in first]
    for seen in again:
        assert set(seen.segments) == found_alone(written, seen)


@EXAMPLES
@given(written=documents(), forced=st.lists(FORCED, min_size=3, max_size=3), data=st.data())
def test_segments_that_are_not_forced_follow_from_those_that_are(
    *, written: Document, forced: list[Forced], data: st.DataObject
) -> None:
    rules = compile_ruleset(written, 1)
    usual = data.draw(visitors(rules))

    for one in forced:
        seen = rules.see(usual.profile, usual.context, usual.standing, usual.now, one)
        alone = found_alone(written, seen, one)
        assert seen.segments == [key for key in rules.segments if key in alone]


@EXAMPLES
@given(written=documents(), data=st.data())
def test_a_stage_rests_on_the_same_segments_outside_of_any_request(
    *, written: Document, data: st.DataObject
) -> None:
    rules = compile_ruleset(written, 1)

    for drawn in [data.draw(visitors(rules)) for _ in range(4)]:
        known = Profile(
            first_ms=drawn.profile.first_ms, traits=drawn.profile.traits, counters=drawn.profile.counters
        )
        seen = rules.see(known, {}, Standing("v-1"), NOW)
        settled, _ = rules.settle(known, seen.now_ms)
        assert settled.stages["purchase"].stage == seen.stage
