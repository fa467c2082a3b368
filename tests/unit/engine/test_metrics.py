from typing import Any

import pytest

from app.engine.metrics import check_metrics, lacking_in, named_again, outliving
from app.engine.model import Metric
from tests.builders import experiment, parsed

JOURNEYS: list[dict[str, Any]] = [
    {"key": "purchase", "primary": True},
    {"key": "loyalty", "stages": [{"key": "fan"}]},
]


def problems(journeys: list[dict[str, Any]], **metric: Any) -> list[tuple[str, str]]:
    found = check_metrics(parsed(journeys=journeys, metrics=[{"key": "m", **metric}]))
    return [(problem.pointer, problem.message) for problem in found]


@pytest.mark.parametrize(
    ("metric", "word"),
    [
        ({}, "needs an event"),
        ({"kind": "retention"}, "needs an event"),
        ({"event": "e", "kind": "mean"}, "needs a property"),
        ({"event": "e", "kind": "ratio"}, "needs a denominator"),
        ({"kind": "stage_reached"}, "needs a stage"),
        ({"kind": "stage_progressed", "covariate_days": 3}, "no covariate"),
    ],
)
def test_a_metric_says_what_its_kind_needs(metric: dict[str, Any], word: str) -> None:
    [(pointer, message)] = problems(JOURNEYS, **metric)
    assert pointer == "/metrics/0"
    assert word in message


@pytest.mark.parametrize(
    "metric",
    [
        {"event": "e"},
        {"event": "e", "kind": "mean", "property": "value"},
        {"event": "e", "kind": "ratio", "denominator": {"event": "f"}},
        {"kind": "stage_reached", "stage": "decision"},
        {"kind": "stage_reached", "stage": "fan", "journey": "loyalty"},
        {"kind": "stage_progressed"},
    ],
)
def test_a_metric_that_says_it_is_sound(metric: dict[str, Any]) -> None:
    assert problems(JOURNEYS, **metric) == []


def test_a_stage_is_one_of_the_journey_that_is_asked() -> None:
    asked = {"kind": "stage_reached", "stage": "fan"}
    assert problems(JOURNEYS, **asked) == [("/metrics/0/stage", "journey 'purchase' has no stage 'fan'")]
    gone = problems(JOURNEYS, **asked, journey="gone")
    assert gone == [("/metrics/0/journey", "there is no journey 'gone'")]
    assert problems([], **asked)[0][0] == "/metrics/0"


def test_what_a_metric_lacks_can_be_asked_of_one_alone() -> None:
    assert [*lacking_in(Metric(key="m", event="e"))] == []


def test_all_that_a_metric_lacks_is_told_at_once() -> None:
    found = [message for _, message in problems(JOURNEYS, kind="mean")]
    assert ["needs an event" in found[0], "needs a property" in found[1]] == [True, True]


def test_what_is_asked_for_longer_than_events_are_kept_is_told() -> None:
    kept, asked = {"retention": {"events_days": 90}}, {"kind": "conversion", "event": "o"}
    metrics = [
        {"key": "longer", **asked, "window_days": 90.5, "covariate_days": 91},
        {"key": "as_long", **asked, "window_days": 90, "covariate_days": 90, "after_days": 30},
        {"key": "later", **asked, "kind": "retention", "window_days": 61, "after_days": 30},
    ]
    told = [problem.pointer for problem in outliving(parsed(site=kept, metrics=metrics))]

    assert told == ["/metrics/0/window_days", "/metrics/0/covariate_days", "/metrics/2/window_days"]
    assert list(outliving(parsed(metrics=metrics))) == []


def test_a_metric_that_an_experiment_names_twice_is_told() -> None:
    uses = [
        {"metric": "orders", "role": "guardrail", "margin": 0.1},
        {"metric": "revenue"},
        {"metric": "returns", "role": "guardrail"},
        {"metric": "revenue", "role": "guardrail"},
    ]
    alone, twice = experiment(key="alone"), experiment(primary_metric="orders", metrics=uses)
    told = list(named_again(parsed(experiments=[alone, twice, experiment(key="other", metrics=uses[:3])])))

    assert [(problem.pointer, problem.message) for problem in told] == [
        ("/experiments/1/metrics/0/metric", "'orders' is primary here already, and counts only as that"),
        ("/experiments/1/metrics/3/metric", "'revenue' is secondary here already, and counts only as that"),
    ]
