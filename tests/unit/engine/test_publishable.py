from typing import Any

import pytest

from app.engine.publishable import unpublishable
from tests.builders import journey, parsed, placement, rule, ruleset, segment, variant, visitor

METRIC = {"key": "orders", "event": "order_completed"}


def problems(**fields: Any) -> dict[str, str]:
    found = [problem for problem in unpublishable(parsed(**fields)) if problem is not None]
    return {problem.pointer: problem.message for problem in found}


def test_a_metric_of_the_holdout_must_exist() -> None:
    said = {"metrics": [METRIC], "holdout": {"metrics": ["orders", "order"]}}

    assert problems(**said) == {"/holdout/metrics/1": "there is no metric 'order'; did you mean 'orders'?"}
    assert ruleset(**said).revision == 1


def test_a_time_zone_is_the_same_on_every_machine() -> None:
    schedules: list[dict[str, Any]] = [{}, {"timezone": "Europe/Paris"}, {"timezone": "Factory"}]
    rules = [rule("always"), *(rule(f"r{i}", schedule=schedule) for i, schedule in enumerate(schedules))]
    said = {"site": {"timezone": "localtime"}, "rules": rules}

    found = problems(**said)

    assert list(found) == ["/site/timezone", "/rules/3/schedule/timezone"]
    assert found["/site/timezone"].startswith("'localtime' is not the same on every machine")


def test_a_revision_with_a_zone_of_the_machine_still_compiles() -> None:
    assert str(ruleset(site={"timezone": "Factory"}).zone) == "Factory"


NAMED = [segment("a", {}), segment("b", {"segments": {"$in": ["a"]}})]


@pytest.mark.parametrize(
    "asked",
    [
        {"segments": ["a"]},
        {"segments": {"$ne": ["a"]}},
        {"segments": {"$not": {"$eq": ["a", "b"]}}},
        {"segments": {"$elemMatch": {"$ne": "a"}}},
        {"segments": {"$elemMatch": {"$nin": ["a"]}}},
        {"segments": {"$elemMatch": {"$not": {"$in": ["a"]}}}},
    ],
)
def test_segments_and_stages_ask_for_no_segments_but_those_that_they_name(asked: dict[str, Any]) -> None:
    said = {
        "segments": [*NAMED, segment("c", {"$or": [asked]})],
        "journeys": [journey("x", {"key": "y", "when": asked})],
        "rules": [rule("r", audience={"condition": asked})],
    }

    found = problems(**said)

    assert [pointer.split("/")[1:3] for pointer in found] == [["segments", "2"], ["journeys", "0"]]
    assert set(found.values()) == {"must ask for segments by name, with $in, $nin or $all"}
    # What was published with it stays in force.
    assert ruleset(**said).revision == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"segments": {"$in": ["a"], "$nin": ["b"]}, "$not": {"segments": {"$all": ["a", "b"]}}},
        {"segments": {"$not": {"$ini": ["a"]}}},
        {"segments": {"$elemMatch": {"$in": ["a", "b"], "$ne": "b"}}},
        {"segments": "a", "traits.tags": ["a"], "traits.kinds": {"$elemMatch": {"$ne": "a"}}},
    ],
)
def test_what_is_asked_by_name_can_be_told(asked: dict[str, Any]) -> None:
    assert problems(segments=[*NAMED, segment("c", asked)]) == {}


def test_a_stage_may_ask_for_all_segments_at_once() -> None:
    stage = {"key": "y", "when": {"segments": {"$size": {"$gte": 2}, "$elemMatch": {"$regex": "^a"}}}}
    said = {"segments": NAMED, "journeys": [journey("x", stage)]}

    assert problems(**said) == {}
    assert visitor(ruleset(**said)).stage == "y"


def test_a_variant_has_one_translation_for_a_locale_however_it_is_spelled() -> None:
    twice = {"de-AT": "Servus", "de": "Hallo", "de_at": "Griaß di", "en": "Hello", "EN": "Hi"}
    variants = [
        variant("default", locales={"de-AT": "Servus", "de": "Hallo"}),
        variant("offer", locales=twice),
    ]
    said = {"placements": [{**placement(), "variants": variants}]}

    assert problems(**said) == {
        "/placements/0/variants/1/locales/de_at": "is the same locale as 'de-AT': leave one of them",
        "/placements/0/variants/1/locales/EN": "is the same locale as 'en': leave one of them",
    }
    assert ruleset(**said).revision == 1
