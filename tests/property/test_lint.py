"""What lint says of a site, no visitor of it may refute."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.admin.lint.check import check
from app.admin.lint.example import Example
from app.admin.lint.finding import Report
from app.engine.compile import compile_ruleset, parse_document
from app.engine.evaluate import evaluate
from app.engine.ruleset import Ruleset
from app.engine.visitor import Visitor
from tests.builders import NOW, addressed, document, journey, placement, rule, segment

EXAMPLES = settings(max_examples=30, deadline=None)
VISITORS = 30

TEXTS = st.sampled_from(
    ["DE", "de", "FR", "", "5", " 5", "1e1", "1.2.0", "2.0.0-rc.1", "2026-03-09T12:00:00Z"]
)
NUMBERS = st.sampled_from([-1, 0, 1, 2, 2.5, 3, 5, 10])
SCALARS = st.one_of(TEXTS, NUMBERS, st.sampled_from([True, False, None]))
VALUES = st.one_of(
    SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(st.sampled_from(["a", "b"]), SCALARS, max_size=2)
)
OPERATORS = st.one_of(
    st.tuples(st.sampled_from(["$eq", "$ne"]), SCALARS),
    st.tuples(st.sampled_from(["$eq", "$ne"]), st.lists(SCALARS, max_size=2)),
    st.tuples(st.sampled_from(["$lt", "$lte", "$gt", "$gte"]), st.one_of(NUMBERS, TEXTS)),
    st.tuples(
        st.sampled_from(["$in", "$nin", "$all", "$ini", "$nini", "$alli"]), st.lists(SCALARS, max_size=3)
    ),
    st.tuples(st.just("$exists"), st.booleans()),
    st.tuples(
        st.just("$type"),
        st.sampled_from(["string", "number", "boolean", "array", "object", "null", "undefined"]),
    ),
    st.tuples(
        st.sampled_from(["$regex", "$regexi"]),
        st.sampled_from(["^D", "^DE", "e$", "5", "E", "[A-Z]{2}", "x|y"]),
    ),
    st.tuples(st.sampled_from(["$vgte", "$vlt", "$vne"]), st.sampled_from(["1.2.0", "2.0.0"])),
    st.tuples(
        st.sampled_from(["$before", "$after"]), st.sampled_from(["-1d", "-7d", "2026-03-09T12:00:00Z"])
    ),
    st.tuples(st.just("$size"), st.sampled_from([0, 1, 2])),
    st.tuples(st.just("$elemMatch"), st.sampled_from([{"$gt": 1}, {"$in": ["DE"]}])),
)
COUNTS = st.tuples(st.sampled_from(["$eq", "$ne", "$lt", "$lte", "$gt", "$gte"]), st.integers(0, 4))
ASKED = st.one_of(
    st.tuples(st.sampled_from(["traits.x", "traits.y", "traits.x.a"]), OPERATORS),
    st.tuples(
        st.sampled_from(
            ["events.seen.count", "events.seen.count_7d", "events.seen.count_30d", "events.seen.days_since"]
        ),
        COUNTS,
    ),
    st.tuples(
        st.sampled_from(["events.seen.first_at", "events.seen.last_at"]),
        st.tuples(st.sampled_from(["$before", "$after"]), st.sampled_from(["-1d", "-7d", "-30d"])),
    ),
    st.tuples(st.just("profile.age_days"), st.tuples(st.sampled_from(["$lt", "$gte"]), st.integers(0, 8))),
    st.tuples(st.just("profile.is_new"), st.tuples(st.just("$eq"), st.booleans())),
    st.tuples(
        st.just("context.hour"), st.tuples(st.sampled_from(["$lt", "$gte"]), st.sampled_from([6, 12, 18]))
    ),
    st.tuples(
        st.just("stage"),
        st.tuples(st.just("$in"), st.lists(st.sampled_from(["new", "warm", "hot"]), max_size=2)),
    ),
    st.tuples(st.just("segments"), st.tuples(st.sampled_from(["$in", "$nin", "$all"]), st.just(["s"]))),
)


def condition_of(asked: tuple[str, tuple[str, Any]]) -> dict[str, Any]:
    path, (operator, operand) = asked
    return {path: {operator: operand}}


def grouped(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    listed = st.lists(inner, min_size=1, max_size=2)
    return st.one_of(
        st.builds(lambda group, parts: {group: parts}, st.sampled_from(["$and", "$or", "$nor"]), listed),
        st.builds(lambda part: {"$not": part}, inner),
    )


CONDITIONS = st.recursive(st.builds(condition_of, ASKED), grouped, max_leaves=3)
SIMPLE = st.builds(
    condition_of,
    st.one_of(st.tuples(st.just("traits.x"), OPERATORS), st.tuples(st.just("events.seen.count"), COUNTS)),
)


@st.composite
def sites(draw: st.DrawFn) -> dict[str, Any]:
    rules = [
        rule(
            f"r{n}",
            priority=9 - n // draw(st.sampled_from([1, 2])),
            audience={"condition": draw(CONDITIONS)},
            consent=draw(st.sampled_from([[], [], ["personalization"]])),
            theme=f"theme-{n}",
        )
        for n in range(draw(st.integers(2, 4)))
    ]
    rules.append(
        rule(
            "last", priority=9, audience={"condition": draw(SIMPLE)}, placements=["home.banner"], theme="last"
        )
    )
    return document(
        placements=[placement("home.hero", default=None), placement("home.banner")],
        segments=[segment("s", draw(SIMPLE)), segment("t", draw(SIMPLE))],
        journeys=[
            journey("new", {"key": "warm", "when": draw(SIMPLE)}, {"key": "hot", "when": draw(SIMPLE)})
        ],
        rules=rules,
    )


EVENTS = st.fixed_dictionaries(
    {"count_7d": st.integers(0, 2), "more": st.integers(0, 2), "most": st.integers(0, 2)}
)
# What does not go with the counts is nobody.
ALSO = st.dictionaries(st.just("days_since"), st.sampled_from([0, 3, 8, 40]), max_size=1)


@st.composite
def examples(draw: st.DrawFn) -> Example:
    traits = draw(st.dictionaries(st.sampled_from(["x", "y"]), VALUES, max_size=2))
    said = draw(EVENTS)
    counts = {"count_7d": said["count_7d"], "count_30d": said["count_7d"] + said["more"]}
    counts["count"] = counts["count_30d"] + said["most"]
    at = NOW + timedelta(hours=draw(st.integers(0, 200)))
    events = {"seen": counts | draw(ALSO)} if counts["count"] else {}
    stages = draw(st.sampled_from([{}, {"purchase": "warm"}, {"purchase": "hot"}]))
    age = draw(st.sampled_from([None, 0, 1, 8, 50]))
    denied = frozenset(draw(st.sampled_from([[], [], ["personalization"], ["analytics"]])))
    return Example(at=at, traits=traits, events=events, stages=stages, age_days=age, denied=denied)


def seen_again(told: dict[str, Any], ruleset: Ruleset) -> Visitor:
    """See the visitor of a finding once more, by nothing but what the finding says."""
    profile = told.get("profile", {})
    visitor = Example(
        at=datetime.fromisoformat(told["at"]),
        traits=profile.get("traits", {}),
        events=profile.get("events", {}),
        age_days=profile.get("age_days"),
        stages=told.get("stages", {}),
        denied=frozenset(told.get("consent", {})),
    ).seen(ruleset)
    assert visitor is not None
    return visitor


@EXAMPLES
@given(plain=sites(), visitors=st.lists(examples(), min_size=VISITORS, max_size=VISITORS))
def test_no_visitor_refutes_what_lint_finds(plain: dict[str, Any], visitors: list[Example]) -> None:
    report = check(plain, NOW, within_s=60)
    ruleset = compile_ruleset(parse_document(plain), 1)
    seen = [visitor for example in visitors if (visitor := example.seen(ruleset)) is not None]
    for finding in report.findings:
        holds = REFUTED[finding.code]
        for visitor in seen:
            assert not holds(plain, ruleset, finding.pointer, finding.others, visitor), finding


@EXAMPLES
@given(plain=sites())
def test_the_engine_agrees_with_every_example(plain: dict[str, Any]) -> None:
    report = check(plain, NOW, within_s=60)
    ruleset = compile_ruleset(parse_document(plain), 1)
    for finding in shown_in(report):
        assert finding.example is not None
        visitor = seen_again(finding.example, ruleset)
        assert SHOWN[finding.code](plain, ruleset, finding.pointer, finding.others, visitor), finding


def shown_in(report: Report) -> list[Any]:
    return [finding for finding in report.findings if finding.code in SHOWN and finding.example is not None]


def place(pointer: str, at: int = 2) -> int:
    return int(pointer.split("/")[at])


def drawn(ruleset: Ruleset, visitor: Visitor, key: str) -> str | None:
    return evaluate(ruleset, visitor, [key]).placements[key].rule


def gets_it(plain: Any, ruleset: Ruleset, pointer: str, _others: list[str], visitor: Visitor) -> bool:
    asked = plain["rules"][place(pointer)]
    return bool(drawn(ruleset, visitor, asked["placements"][place(pointer, 4)]) == asked["key"])


def is_addressed(plain: Any, ruleset: Ruleset, pointer: str, _others: list[str], visitor: Visitor) -> bool:
    asked = plain["rules"][place(pointer)]
    return bool(drawn(ruleset, visitor, asked["placements"][0]) == asked["key"])


def meets_condition(plain: Any, ruleset: Ruleset, pointer: str, others: list[str], visitor: Visitor) -> bool:
    if pointer.startswith("/rules"):
        return is_addressed(plain, ruleset, pointer, others, visitor)
    if pointer.startswith("/segments"):
        return plain["segments"][place(pointer)]["key"] in visitor.segments
    return (
        visitor.stage == plain["journeys"][0]["stages"][place(pointer, 4)]["key"]
        and not visitor.profile.stages
    )


def is_outside(plain: Any, _ruleset: Ruleset, pointer: str, others: list[str], visitor: Visitor) -> bool:
    inner, outer = (plain["segments"][place(at)]["key"] for at in (pointer, others[0]))
    return inner in visitor.segments and outer not in visitor.segments


def is_in_one(plain: Any, ruleset: Ruleset, pointer: str, others: list[str], visitor: Visitor) -> bool:
    there = is_outside(plain, ruleset, pointer, others, visitor)
    return there or is_outside(plain, ruleset, others[0], [pointer], visitor)


def never(*_: Any) -> bool:
    return False


REFUTED = {
    "rule_never_reached": gets_it,
    "condition_contradiction": meets_condition,
    "audience_contradiction": is_addressed,
    "stage_never_holds": meets_condition,
    "segment_contained": is_outside,
    "segments_equal": is_in_one,
    # These say that there is somebody, which the others do not refute.
    "placement_without_fallback": never,
    "segment_unused": never,
    "theme_conflict": never,
    "priority_tie": never,
}


def loses(plain: Any, ruleset: Ruleset, pointer: str, others: list[str], visitor: Visitor) -> bool:
    key = plain["rules"][place(pointer)]["placements"][place(pointer, 4)]
    return drawn(ruleset, visitor, key) in {plain["rules"][place(other)]["key"] for other in others}


def meets_both(plain: Any, ruleset: Ruleset, pointer: str, others: list[str], visitor: Visitor) -> bool:
    keys = {plain["rules"][place(at)]["key"] for at in (pointer, *others)}
    [shared] = {rule["placements"][0] for rule in plain["rules"] if rule["key"] in keys}
    return keys <= set(addressed(ruleset, visitor, shared))


def sees_nothing(_plain: Any, ruleset: Ruleset, _pointer: str, _others: list[str], visitor: Visitor) -> bool:
    return drawn(ruleset, visitor, "home.hero") is None


def sees_both(plain: Any, ruleset: Ruleset, pointer: str, others: list[str], visitor: Visitor) -> bool:
    shown = {drawn(ruleset, visitor, key) for key in ("home.hero", "home.banner")}
    return shown == {plain["rules"][place(at)]["key"] for at in (pointer, *others)}


def is_in_both(plain: Any, _ruleset: Ruleset, pointer: str, others: list[str], visitor: Visitor) -> bool:
    return {plain["segments"][place(at)]["key"] for at in (pointer, *others)} <= set(visitor.segments)


SHOWN = {
    "rule_never_reached": loses,
    "placement_without_fallback": sees_nothing,
    "theme_conflict": sees_both,
    "segments_equal": is_in_both,
    "segment_contained": is_in_both,
    "segment_unused": is_in_both,
    "priority_tie": meets_both,
}
