from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from app.admin.parts import Experiment, Rule, Site, Variant
from app.admin.resources.patches import merge_patch

RULE = {"deliver": {"variant": "sale"}, "cap": None, "audience": {"condition": {"stage": None}}, "note": None}


def is_told(part: Any, patch: object) -> bool:
    """Whether the schema of a patch tells that this may be one."""
    return jsonschema_rs.Draft202012Validator(merge_patch(part).model_json_schema()).is_valid(patch)


@pytest.mark.parametrize(
    ("part", "patch"),
    [
        (Rule, {}),
        (Rule, RULE),
        (Rule, {"cap": {"count": 3}}),
        (Rule, {"schedule": {"windows": [{"from": "08:00"}]}}),
        (Variant, {"content": None, "locales": {"de": None, "fr": {"title": "Printemps"}}}),
        (Experiment, {"exclusion_group": {"from": 10}, "analysis": {"mde": None}}),
        (Site, {"retention": {"events_days": 90}, "identity_secret": None}),
    ],
)
def test_a_patch_may_say_any_part_of_a_thing_and_take_away_what_it_can_do_without(
    part: Any, patch: dict[str, Any]
) -> None:
    assert is_told(part, patch)
    assert merge_patch(part).model_validate(patch).given == patch


@pytest.mark.parametrize(
    ("part", "patch"),
    [
        (Rule, {"placements": None}),
        (Rule, {"deliver": None}),
        (Rule, {"priority": "high"}),
        (Rule, {"cap": {"count": None}}),
        (Rule, {"audience": {"segment": []}}),
        (Rule, {"schedule": {"windows": [{"from": "8"}]}}),
        (Variant, {"locales": {"no locale": {}}}),
        (Rule, {"unknown": 1}),
    ],
)
def test_the_schema_tells_of_what_kind_each_value_must_be(part: Any, patch: dict[str, Any]) -> None:
    assert not is_told(part, patch)


def test_what_a_value_is_is_looked_at_when_it_is_merged() -> None:
    patch = {"priority": "high"}

    assert merge_patch(Rule).model_validate(patch).given == patch


@pytest.mark.parametrize(
    ("part", "patch"),
    [
        (Rule, {"audience": {"segments": None, "condition": {"traits.x": {"$gt": None}, "$or": None}}}),
        (Rule, {"schedule": {"timezone": None}, "cap": {"count": None}}),
        (
            Variant,
            {"content": {"title": {"text": None}}, "locales": {"de": {"title": None}, "no locale": None}},
        ),
        (Experiment, {"exclusion_group": {"from": None}}),
    ],
)
def test_what_may_be_there_may_be_taken_away(part: Any, patch: dict[str, Any]) -> None:
    assert merge_patch(part).model_validate(patch).given == patch


@pytest.mark.parametrize(
    ("part", "patch", "place", "hint"),
    [
        (Rule, {"audience": {"segment": None}}, ("audience", "segment"), "did you mean segments?"),
        (Rule, {"audience": {"stages": "all", "rest": None}}, ("audience", "rest"), "known are stages"),
        (Site, {"retention": {"event_days": None}}, ("retention", "event_days"), "did you mean events_days?"),
        (Experiment, {"exclusion_group": {"form": None}}, ("exclusion_group", "form"), "did you mean from?"),
    ],
)
def test_what_could_not_be_there_cannot_be_taken_away(
    part: Any, patch: dict[str, Any], place: tuple[str, ...], hint: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        merge_patch(part).model_validate(patch)
    [told] = caught.value.errors()
    assert told["loc"] == place
    assert hint in told["msg"]
