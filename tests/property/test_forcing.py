"""What is forced decides, and nothing else does."""

from hypothesis import given
from hypothesis import strategies as st

from app.engine.arms import GENERIC, HOLDOUT, PERSONALIZED
from app.engine.compile import compile_ruleset, compiling
from app.engine.evaluate import evaluate
from app.engine.forced import NOTHING_FORCED, Forced
from app.engine.forcing import evaluate_forced, fitting
from app.engine.model import Document
from app.engine.reasons import Reason
from app.engine.ruleset import Ruleset
from app.engine.trace import tracing
from app.engine.visitor import Visitor
from app.kit.steps import finished
from tests.property.drawn import PLACEMENTS
from tests.property.test_trace import EXAMPLES, EXPERIMENTS, check_trace, documents, known_visitors

FORCED = st.builds(
    Forced,
    stages=st.fixed_dictionaries({}, optional={"purchase": st.sampled_from(["new", "known", "gone"])}),
    segments=st.dictionaries(st.sampled_from(["adult", "german", "returning", "gone"]), st.booleans()),
    only=st.booleans(),
    arms=st.fixed_dictionaries(
        {},
        optional={
            HOLDOUT: st.sampled_from([GENERIC, PERSONALIZED]),
            **{key: st.sampled_from(["a", "b", "gone"]) for key in EXPERIMENTS},
        },
    ),
)


def in_preview(written: Document) -> Ruleset:
    return finished(compiling(written, 1, idle=True))


def seen_as(rules: Ruleset, visitor: Visitor, forced: Forced) -> Visitor:
    return rules.see(visitor.profile, visitor.context, visitor.standing, visitor.now, forced)


@EXAMPLES
@given(written=documents(), data=st.data())
def test_rules_that_are_kept_to_be_forced_change_no_decision(
    *, written: Document, data: st.DataObject
) -> None:
    published, previewed = compile_ruleset(written, 1), in_preview(written)
    visitor = data.draw(known_visitors(published))

    assert evaluate(previewed, visitor, PLACEMENTS) == evaluate(published, visitor, PLACEMENTS)


@EXAMPLES
@given(written=documents(), data=st.data())
def test_to_force_nothing_or_what_holds_anyway_changes_no_decision(
    *, written: Document, data: st.DataObject
) -> None:
    rules = in_preview(written)
    visitor = data.draw(known_visitors(rules))
    usual = evaluate(rules, visitor, PLACEMENTS)
    itself = Forced(stages=visitor.stages, segments=dict.fromkeys(visitor.segments, True), only=True)

    for forced in (NOTHING_FORCED, itself):
        decision = evaluate_forced(rules, seen_as(rules, visitor, forced), PLACEMENTS, forced, usual)
        assert decision.placements == usual.placements
        assert (decision.stages, decision.segments) == (usual.stages, usual.segments)


@EXAMPLES
@given(written=documents(), forced=FORCED, data=st.data())
def test_what_is_forced_holds_and_the_trace_says_what_is_shown(
    *, written: Document, forced: Forced, data: st.DataObject
) -> None:
    rules = in_preview(written)
    visitor = data.draw(known_visitors(rules))
    fits = fitting(forced, rules)
    seen = seen_as(rules, visitor, fits)

    decision = evaluate_forced(rules, seen, PLACEMENTS, fits, evaluate(rules, visitor, PLACEMENTS))
    traces = finished(tracing(rules, seen, PLACEMENTS, forced=fits))

    assert fits.stages.items() <= decision.stages.items()
    assert {key for key, is_in in fits.segments.items() if is_in} <= set(decision.segments)
    assert not {key for key, is_in in fits.segments.items() if not is_in} & set(decision.segments)
    for key, choice in decision.placements.items():
        first = next((candidate.rule for candidate in traces[key] if not candidate.lacked), None)
        assert first == choice.rule
        check_trace(rules, key, traces[key])
        forced_arm = fits.arms.get(choice.experiment or "")
        if forced_arm is not None:
            assert (choice.arm, choice.reason) == (forced_arm, Reason.PREVIEW)
