"""What publishing may change of a running experiment, and what starts a new phase."""

from collections.abc import Callable
from typing import Any

import pytest

from app.engine.model import Document
from app.engine.phases import advance
from app.engine.problems import Problems
from tests.builders import arm, delivering, experiment, parsed, placement, rule, variant


def published(*rules: dict[str, Any], placements: Any = None, **fields: Any) -> Document:
    """A document with one running experiment and the rule that delivers it."""
    return parsed(
        placements=placements or [placement()],
        experiments=[experiment(**fields)],
        rules=rules or [delivering("hero-copy")],
    )


def phase(*revisions: Document) -> int:
    """The phase of the experiment after some revisions."""
    before: Document | None = None
    for revision in revisions:
        before = advance(revision, before)
    assert before is not None
    return before.experiments[0].phase


def refused(now: Document, before: Document) -> dict[str, str]:
    with pytest.raises(Problems) as caught:
        advance(now, before)
    return {problem.pointer: problem.message for problem in caught.value.problems}


def test_a_first_revision_begins_with_phase_one() -> None:
    assert phase(published()) == 1


def test_an_editor_cannot_set_the_phase() -> None:
    assert phase(published(phase=7)) == 1
    assert phase(published(), published(phase=7)) == 1


@pytest.mark.parametrize(
    "changed",
    [
        published(),
        published(traffic=5),
        published(sticky=False),
        published(primary_metric=None, rollout="control"),
        published(delivering("hero-copy", priority=1)),
        published(delivering("hero-copy", note="new")),
        published(delivering("hero-copy"), rule("another", audience={"stages": []})),
        published(delivering("hero-copy"), rule("other", audience={"condition": {"stage": "x"}})),
        published(placements=[placement(), placement("side")]),
        published(placements=[placement("home.hero", "default", "offer", "spare")]),
    ],
)
def test_what_does_not_matter_starts_no_phase(changed: Document) -> None:
    assert phase(published(), changed) == 1


NEW_TEXT = {
    "key": "home.hero",
    "default": "default",
    "variants": [variant("default"), variant("offer", content="new")],
}
NEW_LOCALE = {**NEW_TEXT, "variants": [variant("default", locales={"de": "neu"}), variant("offer")]}


@pytest.mark.parametrize(
    "changed",
    [
        published(arms=[arm("control", "default", weight=3), arm("treatment")]),
        published(arms=[arm("control", "offer"), arm("treatment")]),
        published(arms=[arm("control", None), arm("treatment")]),
        published(placements=[NEW_TEXT]),
        published(placements=[NEW_LOCALE]),
        published(delivering("hero-copy", audience={"condition": {"context.country": "DE"}})),
        published(delivering("hero-copy", audience={"segments": []}), delivering("hero-copy", key="second")),
        published(delivering("hero-copy", enabled=False)),
        published(delivering("hero-copy", key="renamed")),
    ],
)
def test_weights_audience_and_content_start_a_new_phase(changed: Document) -> None:
    assert phase(published(), changed) == 2
    assert phase(published(), changed, published()) == 3
    assert phase(published(), changed, changed) == 2


def telling(content: object) -> Document:
    """A document in which a variant has some content."""
    variants = [variant("default"), variant("offer", content={"columns": [content]})]
    return published(placements=[{**NEW_TEXT, "variants": variants}])


def asking(value: object) -> Document:
    """A document whose rule asks for a value."""
    return published(delivering("hero-copy", audience={"condition": {"traits.vip": {"$in": [value]}}}))


@pytest.mark.parametrize("made", [telling, asking])
def test_one_and_true_are_not_the_same(made: Callable[[object], Document]) -> None:
    assert phase(made(1), made(True)) == 2
    assert phase(made(False), made(0.0)) == 2
    assert phase(made(1), made(1.0)) == 1


def test_a_variant_that_goes_over_to_another_arm_starts_a_new_phase() -> None:
    nothing: dict[str, Any] = {"variants": {}}
    one = published(arms=[arm("control"), arm("treatment", **nothing)])
    other = published(arms=[arm("control", **nothing), arm("treatment")])

    assert phase(one, other) == 2


def test_the_order_of_rules_starts_no_phase() -> None:
    rules = [delivering("hero-copy"), delivering("hero-copy", key="second", audience={"segments": []})]

    assert phase(published(*rules), published(*reversed(rules))) == 1


def test_a_variant_without_a_placement_is_compared_too() -> None:
    gone = [arm("control", variants={"gone": "x"}), arm("treatment")]

    assert phase(published(arms=gone), published(arms=gone)) == 1


def test_a_draft_that_starts_is_still_in_its_first_phase() -> None:
    other = [arm("control", "default", weight=9), arm("treatment")]

    assert phase(published(status="draft"), published(arms=other)) == 1


@pytest.mark.parametrize("status", ["stopped", "archived"])
def test_what_runs_again_is_in_a_new_phase(status: str) -> None:
    assert phase(published(), published(status=status)) == 1
    assert phase(published(), published(status=status), published()) == 2


@pytest.mark.parametrize("status", ["running", "stopped", "archived"])
def test_what_goes_back_to_draft_is_in_a_new_phase_when_it_runs_again(status: str) -> None:
    other = published(arms=[arm("control", "default", weight=9), arm("treatment"), arm("third")])
    draft = published(status="draft")

    assert phase(published(status=status), draft, draft, other) == 2
    assert phase(published(), published(status=status), draft, published()) == 2


def test_what_changes_while_stopped_is_in_a_new_phase_only_when_it_runs() -> None:
    other = [arm("control", "default", weight=9), arm("treatment")]

    assert phase(published(), published(status="stopped"), published(status="stopped", arms=other)) == 1
    assert phase(published(), published(status="stopped", arms=other), published(arms=other)) == 2


def test_each_experiment_has_its_own_phase() -> None:
    def both(weight: float) -> Document:
        arms = [arm("control", "default", weight=weight), arm("treatment")]
        return parsed(experiments=[experiment("a"), experiment("b", arms=arms)])

    after = advance(both(2), advance(both(1), None))

    assert [e.phase for e in after.experiments] == [1, 2]


def test_an_experiment_that_is_new_begins_with_phase_one() -> None:
    before = parsed(experiments=[experiment("a")])
    after = advance(parsed(experiments=[experiment("b"), experiment("a")]), before)

    assert [(e.key, e.phase) for e in after.experiments] == [("b", 1), ("a", 1)]


def test_an_experiment_that_comes_back_goes_on_after_the_highest_phase_that_it_ever_had() -> None:
    before = parsed(experiments=[experiment("a", phase=2)])
    document = parsed(experiments=[experiment("a"), experiment("back"), experiment("new")])

    after = advance(document, before, {"back": 4})

    assert [(e.key, e.phase) for e in after.experiments] == [("a", 2), ("back", 5), ("new", 1)]
    assert [e.phase for e in advance(document, after).experiments] == [2, 5, 1]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"unit": "user"}, "/experiments/0/unit"),
        ({"salt": "other"}, "/experiments/0/salt"),
        ({"analysis": {"alpha": 0.1}}, "/experiments/0/analysis"),
        ({"arms": [arm("control"), arm("treatment"), arm("third")]}, "/experiments/0/arms"),
        ({"arms": [arm("control")]}, "/experiments/0/arms"),
        ({"arms": [arm("treatment"), arm("control", "default")]}, "/experiments/0/arms"),
    ],
)
def test_what_is_frozen_while_it_runs_is_refused(changed: dict[str, Any], pointer: str) -> None:
    assert list(refused(published(**changed), published())) == [pointer]


@pytest.mark.parametrize(
    ("before", "now"),
    [("draft", "running"), ("running", "stopped"), ("stopped", "running"), ("archived", "draft")],
)
def test_nothing_is_frozen_unless_it_runs_before_and_after(before: str, now: str) -> None:
    changed = published(status=now, unit="user", salt="x", arms=[arm("only")])

    assert advance(changed, published(status=before)).experiments[0].unit == "user"


def test_everything_frozen_is_told_at_once() -> None:
    found = refused(
        parsed(experiments=[experiment("new"), experiment(unit="user", salt="x", arms=[arm("a")])]),
        published(),
    )

    alone = "is frozen while the experiment runs; stop it and start another"
    assert found == {
        "/experiments/1/unit": alone,
        "/experiments/1/salt": alone,
        "/experiments/1/arms": "the set of arms is frozen while the experiment runs",
    }


def test_advancing_leaves_the_document_as_it_was() -> None:
    document = published(phase=4)
    advance(document, published())

    assert document == published(phase=4)


def holdout_phase(*given: dict[str, Any]) -> int:
    """The phase of the holdout after some revisions."""
    before: Document | None = None
    for holdout in given:
        before = advance(parsed(holdout=holdout), before)
    assert before is not None
    return before.holdout.phase


FIVE: dict[str, Any] = {"percent": 5, "salt": "s"}


@pytest.mark.parametrize("changed", [{"percent": 10}, {"salt": "t"}, {"unit": "user"}, {"percent": 0}])
def test_another_holdout_is_another_phase(changed: dict[str, Any]) -> None:
    assert holdout_phase(FIVE, {**FIVE, **changed}) == 2
    assert holdout_phase(FIVE, {**FIVE, **changed}, {**FIVE, **changed}) == 2


def test_a_holdout_that_comes_back_is_not_what_it_was() -> None:
    assert holdout_phase(FIVE, {}, FIVE) == 2
    assert holdout_phase(FIVE, {}, FIVE, {**FIVE, "percent": 6}) == 3


def test_the_metrics_of_the_holdout_and_its_beginning_start_no_phase() -> None:
    assert holdout_phase({}, FIVE) == 1
    assert holdout_phase({**FIVE, "phase": 9}) == 1
    assert holdout_phase(FIVE, {**FIVE, "metrics": ["m"], "phase": 9}) == 1
