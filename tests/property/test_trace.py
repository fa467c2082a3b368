"""A trace and the decision it explains never disagree."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.arms import GENERIC, HOLDOUT, PERSONALIZED
from app.engine.compile import compile_ruleset
from app.engine.conditions import compile_condition
from app.engine.evaluate import evaluate
from app.engine.model import Document
from app.engine.profile import ArmHeld
from app.engine.reasons import Lack, Reason
from app.engine.ruleset import CompiledRule, Ruleset
from app.engine.trace import Candidate, tracing
from app.engine.visitor import Standing, Visitor
from app.kit.steps import finished
from tests.builders import experiment, parsed, placement
from tests.property.drawn import FIELDS, PLACEMENTS, PURPOSES, STANDS, visitors

EXAMPLES = settings(max_examples=200)
EXPERIMENTS = ("e0", "e1")
GROUP = {"e0": {"key": "g", "from": 0, "to": 50}, "e1": {"key": "g", "from": 50, "to": 100}}

SHOWN = st.sampled_from(["default", "offer", None])
ARMS = st.fixed_dictionaries({}, optional=dict.fromkeys(PLACEMENTS, SHOWN)).map(
    lambda variants: [{"key": "a", "variants": variants}, {"key": "b", "variants": {"home.hero": "offer"}}]
)
TESTS = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["running", "running", "stopped", "draft"]),
        "traffic": st.sampled_from([0, 50, 100]),
        "sticky": st.booleans(),
        "unit": st.sampled_from(["visitor", "user"]),
        "before_login": st.sampled_from(["visitor", "skip"]),
        "arms": ARMS,
    },
    optional={"rollout": st.sampled_from(["a", "b"])},
)
DELIVERED = st.sampled_from([{"variant": "offer"}, *({"experiment": key} for key in EXPERIMENTS)])
RULES = st.tuples(FIELDS, DELIVERED, st.none() | st.just({"count": 1})).map(
    lambda drawn: {**drawn[0], "deliver": drawn[1], "cap": drawn[2]}
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    tests = [draw(TESTS) for _ in EXPERIMENTS]
    grouped = draw(st.booleans())
    return parsed(
        placements=[placement(key) for key in PLACEMENTS],
        **STANDS,
        exclusion_groups=[{"key": "g"}],
        experiments=[
            experiment(key, **fields, **({"exclusion_group": GROUP[key]} if grouped else {}))
            for key, fields in zip(EXPERIMENTS, tests, strict=True)
        ],
        rules=[{"key": f"r{n}", **fields} for n, fields in enumerate(draw(st.lists(RULES, max_size=8)))],
        holdout={"percent": draw(st.sampled_from([0, 50]))},
    )


STANDINGS = st.builds(
    Standing,
    visitor=st.sampled_from(["v-1", "v-2", "v-3"]),
    user=st.none() | st.just("u-1"),
    may_log=st.booleans(),
    may_enter=st.booleans(),
    consent=st.frozensets(st.sampled_from(PURPOSES)),
)
HELD = st.fixed_dictionaries(
    {},
    optional={
        HOLDOUT: st.sampled_from([GENERIC, PERSONALIZED]),
        **{key: st.sampled_from(["a", "b", "gone"]) for key in EXPERIMENTS},
    },
)


@st.composite
def known_visitors(draw: st.DrawFn, rules: Ruleset) -> Visitor:
    seen = draw(visitors(rules))
    seen.profile.arms = {key: ArmHeld(arm, 1, 5) for key, arm in draw(HELD).items()}
    seen.profile.caps = {rule.key: [5] for rule in rules.rules if rule.cap and draw(st.booleans())}
    return rules.see(seen.profile, seen.context, draw(STANDINGS), seen.now)


@EXAMPLES
@given(written=documents(), data=st.data())
def test_the_first_candidate_that_lacks_nothing_is_the_one_shown(
    *, written: Document, data: st.DataObject
) -> None:
    rules = compile_ruleset(written, 1)
    seen = data.draw(known_visitors(rules))
    refused = frozenset(rule.key for rule in rules.rules if rule.cap and data.draw(st.booleans()))

    decision = evaluate(rules, seen, PLACEMENTS, refused=refused)
    traces = finished(tracing(rules, seen, PLACEMENTS, refused=refused))

    for key, choice in decision.placements.items():
        first = next((candidate.rule for candidate in traces[key] if not candidate.lacked), None)
        assert first == choice.rule
        assert (first is None) == (choice.reason in {Reason.DEFAULT, Reason.HOLDOUT})
        check_trace(rules, key, traces[key])


def check_trace(rules: Ruleset, key: str, trace: list[Candidate]) -> None:
    """Check the shape of a trace: all candidates in order, one shown at most, the rest of them outranked."""
    assert [one.rule for one in trace] == [rule.key for rule in rules.rules if key in rule.source.placements]
    places = [n for n, candidate in enumerate(trace) if not candidate.lacked]
    assert len(places) <= 1
    shown = places[0] if places else len(trace)
    assert [Lack.OUTRANKED in candidate.lacked for candidate in trace] == [
        n > shown for n in range(len(trace))
    ]


@EXAMPLES
@given(written=documents(), data=st.data())
def test_a_condition_is_lacked_where_it_does_not_hold_and_each_part_named_is_one_that_does_not(
    *, written: Document, data: st.DataObject
) -> None:
    rules = compile_ruleset(written, 1)
    seen = data.draw(known_visitors(rules))
    by_key: dict[str, CompiledRule] = {rule.key: rule for rule in rules.rules}

    for trace in finished(tracing(rules, seen, PLACEMENTS)).values():
        for candidate in trace:
            condition = by_key[candidate.rule].source.audience.condition
            holds = compile_condition(condition)(seen, seen.now)
            assert holds == (Lack.CONDITION not in candidate.lacked)
            assert holds == (not candidate.condition)
            for pointer in candidate.condition:
                assert not compile_condition(at(condition, pointer))(seen, seen.now)


def at(condition: Any, pointer: str) -> dict[str, Any]:
    """Take out of a condition what a pointer points at, as a condition of its own."""
    steps = pointer.split("/")[1:]
    part, asked = condition, condition
    for n, step in enumerate(steps):
        asked = part[int(step)] if isinstance(part, list) else part[step]
        if not isinstance(part, list) and step != "$and":
            rest = steps[n + 1 :]
            assert len(rest) <= 1
            return {step: {rest[0]: asked[rest[0]]} if rest else asked}
        part = asked
    raise AssertionError(pointer)
