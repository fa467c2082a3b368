"""Whatever the rules and whoever asks, the index finds the rules that asking each of them finds."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.compile import compile_ruleset
from app.engine.conditions import compile_condition
from app.engine.index import Search
from app.engine.model import Document, Rule
from app.engine.ruleset import Ruleset
from app.engine.schedule import compile_schedule
from app.engine.visitor import Visitor
from tests.builders import found_at, visitor
from tests.property.drawn import (
    DOCUMENTS,
    GIVEN,
    LITERALS,
    NUMBERS,
    OPERATORS,
    PLACEMENTS,
    TEXTS,
    asking,
    document_of,
    visitors,
)

EXAMPLES = settings(max_examples=400, deadline=None)


def addresses(one: Rule, seen: Visitor, rules: Ruleset) -> bool:
    """Say what the description of a rule says, of one rule alone."""
    audience = one.audience
    return (
        (not audience.stages or seen.stage in audience.stages)
        and (not audience.segments or bool(set(audience.segments) & set(seen.segments)))
        and not set(audience.not_segments) & set(seen.segments)
        and set(one.consent) <= seen.standing.consent
        and (one.schedule is None or compile_schedule(one.schedule, rules.zone)(seen.now))
        and compile_condition(audience.condition)(seen, seen.now)
    )


@EXAMPLES
@given(written=DOCUMENTS, held_out=st.booleans(), data=st.data())
def test_the_index_finds_what_asking_every_rule_finds(
    *,
    written: Document,
    held_out: bool,
    data: st.DataObject,
) -> None:
    rules = compile_ruleset(written, 1)
    seen = data.draw(visitors(rules))
    search = Search(rules.index, seen, held_out=held_out)

    for at in PLACEMENTS:
        ranked = sorted(written.rules, key=lambda one: (-one.priority, one.key))
        asked = [r for r in ranked if r.enabled and at in r.placements and (r.in_holdout or not held_out)]
        expected = [one.key for one in asked if addresses(one, seen, rules)]
        assert [rules.rules[number].key for number in found_at(search, at)] == expected


ONE = st.sampled_from(sorted(OPERATORS)).flatmap(lambda operator: asking([operator]))
SHARED = st.one_of(NUMBERS, TEXTS, LITERALS, st.booleans())


@EXAMPLES
@given(asked=st.lists(ONE, min_size=5, max_size=20), values=st.lists(GIVEN | SHARED, min_size=5, max_size=10))
def test_each_operator_on_one_attribute_leaves_whom_it_holds_for(
    asked: list[dict[str, Any]], values: list[Any]
) -> None:
    conditions = [{"context.x": one} for one in asked]
    rules = compile_ruleset(document_of([{"audience": {"condition": one}} for one in conditions]), 1)

    for value in values:
        seen = visitor(rules, context={"x": value})
        found = found_at(Search(rules.index, seen, held_out=False), "home.hero")
        names = [rules.rules[number].key for number in found]
        expected = {f"r{n}" for n, one in enumerate(conditions) if compile_condition(one)(seen, seen.now)}
        assert sorted(names) == sorted(expected)
