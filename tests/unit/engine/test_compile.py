"""From a document to a ruleset."""

from typing import Any

import msgspec
import pytest

from app.engine.compile import compile_ruleset, parse_document
from app.engine.counters import EventNeeds
from app.engine.model import Document
from app.engine.problems import Problems
from app.engine.stages import CompiledJourney
from tests.builders import (
    addressed,
    arm,
    delivering,
    document,
    experiment,
    instant,
    journey,
    parsed,
    placement,
    rule,
    ruleset,
    segment,
    variant,
    visitor,
)


def misread(written: Any) -> tuple[str, str]:
    """Where a document has a wrong shape, and what is wrong there."""
    with pytest.raises(Problems) as caught:
        parse_document(written)
    (problem,) = caught.value.problems
    return problem.pointer, problem.message


@pytest.mark.parametrize(
    ("written", "pointer", "message"),
    [
        ([], "", "Expected `object`"),
        ({"rule": []}, "", "unknown field `rule`"),
        ({"rules": {}}, "/rules", "Expected `array`"),
        ({"rules": [{"placements": [], "deliver": {}}]}, "/rules/0/key", "is required"),
        ({"rules": [rule("a"), rule("b", piority=1)]}, "/rules/1", "unknown field `piority`"),
        ({"rules": [rule("a", priority="high")]}, "/rules/0/priority", "Expected `int`"),
        ({"rules": [rule("a", priority=1.5)]}, "/rules/0/priority", "Expected `int`"),
        ({"rules": [rule("a", enabled=1)]}, "/rules/0/enabled", "Expected `bool`"),
        (
            {"rules": [rule("a", consent=["marketing"])]},
            "/rules/0/consent/0",
            "Invalid enum value 'marketing'",
        ),
        ({"rules": [rule("a", placements="home")]}, "/rules/0/placements", "Expected `array`"),
        (
            {"rules": [rule("a", audience={"condition": []})]},
            "/rules/0/audience/condition",
            "Expected `object`",
        ),
        (
            {"rules": [rule("a", schedule={"starts_at": "2026-01-01T00:00:00"})]},
            "/rules/0/schedule/starts_at",
            "with a timezone component",
        ),
        (
            {"rules": [rule("a", schedule={"ends_at": "soon"})]},
            "/rules/0/schedule/ends_at",
            "Invalid RFC3339",
        ),
        (
            {"rules": [rule("a", schedule={"windows": [{"days": [True]}]})]},
            "/rules/0/schedule/windows/0/days/0",
            "Expected `int`",
        ),
        ({"experiments": [experiment(status="on")]}, "/experiments/0/status", "Invalid enum value 'on'"),
        ({"experiments": [experiment(arms=[{}])]}, "/experiments/0/arms/0/key", "is required"),
        (
            {"experiments": [experiment(exclusion_group={"key": "g", "from": 1})]},
            "/experiments/0/exclusion_group/to",
            "is required",
        ),
        ({"segments": [{"key": "a"}]}, "/segments/0/condition", "is required"),
        ({"site": {"expose": ["traits"]}}, "/site/expose/0", "Invalid enum value"),
        ({"site": {"consent": {"analytics": True}}}, "/site/consent/analytics", "Expected `str`"),
        (
            {"metrics": [{"key": "m", "event": "e", "kind": "sum"}]},
            "/metrics/0/kind",
            "Invalid enum value 'sum'",
        ),
        ({"journeys": [{"key": "j", "stages": [{"key": 1}]}]}, "/journeys/0/stages/0/key", "Expected `str`"),
    ],
)
def test_a_wrong_shape_is_refused_with_its_place(written: Any, pointer: str, message: str) -> None:
    where, what = misread(written)

    assert where == pointer
    assert message in what


def test_an_empty_document_is_a_site_with_nothing() -> None:
    rules = compile_ruleset(parse_document({}), 3)

    assert parse_document({}) == Document()
    assert (rules.revision, rules.placements, rules.experiments, rules.needs) == (3, {}, {}, {})
    assert (rules.order, rules.primary_journey, rules.holdout_end) == ([], None, 0)
    assert rules.zone.key == "UTC"


def test_a_document_comes_back_as_it_was_written() -> None:
    written = document(
        experiments=[experiment(exclusion_group={"key": "g", "from": 0.0, "to": 50.0})],
        exclusion_groups=[{"key": "g"}],
        rules=[delivering("hero-copy", priority=7)],
    )

    assert msgspec.json.decode(msgspec.json.encode(parse_document(written))) == written


def test_content_is_encoded_once() -> None:
    shown = variant("a", content={"title": "Größe", "n": 1.5}, locales={"de_AT": ["x"]})
    compiled = ruleset(placements=[{"key": "p", "variants": [shown]}]).placements["p"].variants["a"]

    assert bytes(compiled.content) == '{"title":"Größe","n":1.5}'.encode()
    assert {locale: bytes(raw) for locale, raw in compiled.locales.items()} == {"de-at": b'["x"]'}


def test_a_placement_knows_its_default_if_it_has_one() -> None:
    rules = ruleset(placements=[placement("a"), {"key": "b", "variants": [variant("x")]}])
    default = rules.placements["a"].default

    assert default is not None
    assert default.key == "default"
    assert rules.placements["b"].default is None


def test_rules_are_compiled_for_each_of_their_placements() -> None:
    rules = ruleset(
        placements=[placement("a"), placement("b"), placement("c")],
        rules=[rule("r", placements=["a", "b"]), rule("off", placements=["c"], enabled=False)],
    )

    assert {key: addressed(rules, visitor(rules), key) for key in rules.placements} == {
        "a": ["r"],
        "b": ["r"],
        "c": [],
    }


@pytest.mark.parametrize(
    ("fields", "delivers"),
    [
        ({}, True),
        ({"status": "draft"}, False),
        ({"status": "stopped"}, False),
        ({"status": "archived"}, False),
        ({"status": "stopped", "rollout": "control"}, True),
        ({"status": "archived", "rollout": "control"}, False),
        ({"status": "draft", "rollout": "control"}, False),
    ],
)
def test_a_rule_is_compiled_if_its_experiment_has_something_to_deliver(
    fields: dict[str, Any], delivers: object
) -> None:
    rules = ruleset(experiments=[experiment(**fields)], rules=[delivering("hero-copy")])

    assert bool(addressed(rules, visitor(rules))) is delivers


def test_an_experiment_is_compiled_to_buckets() -> None:
    compiled = ruleset(
        exclusion_groups=[{"key": "g", "unit": "user"}, {"key": "salted", "salt": ""}],
        experiments=[
            experiment("a", traffic=12.5, exclusion_group={"key": "g", "from": 25, "to": 33.33}),
            experiment("b", salt="", exclusion_group={"key": "g", "from": 0, "to": 25}),
            experiment("c", exclusion_group={"key": "g", "from": 0, "to": 25}, status="stopped"),
            experiment("d", exclusion_group={"key": "salted", "from": 0, "to": 25}),
        ],
    ).experiments
    a, d = compiled["a"].group, compiled["d"].group

    assert a is not None
    assert (a.salt, a.unit, a.start, a.end, a.others) == ("g", "user", 2_500, 3_333, ("b",))
    assert d is not None
    assert (d.salt, d.others) == ("", ())
    assert (compiled["a"].salt, compiled["a"].traffic_end) == ("a", 1_250)
    assert (compiled["b"].salt, compiled["b"].traffic_end) == ("", 10_000)
    assert compiled["a"].bounds == (("control", 5_000), ("treatment", 10_000))


def test_an_experiment_without_a_group_has_none() -> None:
    assert ruleset(experiments=[experiment()]).experiments["hero-copy"].group is None


def test_what_conditions_ask_of_events_is_needed() -> None:
    rules = ruleset(
        segments=[segment("a", {"events.Page Viewed.count_7d": {"$gte": 1}})],
        journeys=[journey("x", {"key": "y", "when": {"events.orderCompleted.sum_value": {"$gt": 1}}})],
        rules=[
            rule("r", audience={"condition": {"$not": {"events.page_viewed.last_category": "bikes"}}}),
            rule("off", audience={"condition": {"events.page_viewed.count_30d": 0}}, enabled=False),
        ],
    )

    assert rules.needs == {
        "page_viewed": EventNeeds(window_days=30, latest=frozenset({"category"})),
        "order_completed": EventNeeds(sums=frozenset({"value"})),
    }


def test_stages_are_compiled_from_the_highest_precedence_down() -> None:
    stages: list[dict[str, Any]] = [
        {"key": "a"},
        {"key": "b", "precedence": 10, "min_dwell_s": 60, "decay_after_days": 0.5},
        {"key": "c"},
        {"key": "d", "precedence": 1.5},
    ]
    (compiled,) = ruleset(journeys=[journey(*stages)]).order

    assert isinstance(compiled, CompiledJourney)
    assert (compiled.key, compiled.first) == ("purchase", "a")
    assert [stage.key for stage in compiled.stages] == ["b", "c", "d"]
    assert (compiled.stages[0].min_dwell_ms, compiled.stages[0].decay_ms) == (60_000, 43_200_000)


def test_an_empty_audience_condition_is_not_even_asked() -> None:
    rules = ruleset(
        rules=[rule("r", audience={"condition": {}}), rule("s", audience={"condition": {"stage": None}})]
    )

    assert [len(asked) for asked in rules.index.questions] == [0, 1]


def test_instants_keep_their_offset() -> None:
    schedule = (
        parsed(rules=[rule("r", schedule={"starts_at": "2026-03-01T00:00:00+02:00"})]).rules[0].schedule
    )

    assert schedule is not None
    assert schedule.starts_at == instant("2026-02-28T22:00:00Z")


def test_compiling_twice_gives_rulesets_that_decide_alike() -> None:
    written = parsed(experiments=[experiment(arms=[arm("a"), arm("b")])])

    assert compile_ruleset(written, 1).experiments == compile_ruleset(written, 1).experiments
