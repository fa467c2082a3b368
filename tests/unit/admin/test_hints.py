"""What is said of a document that means something and misspells it."""

import pytest
from pydantic import ValidationError

from app.admin.config.schemas import ConfigDocument
from tests.unit.admin.full_document import with_value


@pytest.mark.parametrize(
    ("path", "value", "place", "told"),
    [
        ("/segments/0/condition", {"a": 1}, "/a", "there is no attribute 'a'; known are context, events,"),
        ("/segments/0/condition", {"trait.a": {"$gt": 1}}, "/trait.a/$gt", "did you mean traits?"),
        ("/segments/0/condition", {"traits.a": {"$gtt": 1}}, "/traits.a/$gtt", "did you mean $gt?"),
        ("/segments/0/condition", {"$or": [{"$adn": []}]}, "/$or/0/$adn", "did you mean $and?"),
        ("/segments/0/condition", {"traits.a/b": {"$in": 1}}, "/traits.a/b/$in", "must be an array"),
        ("/journeys/0/stages/1/when", {"events.x.cuont": 1}, "/events.x.cuont", "did you mean count?"),
        ("/journeys/0/stages/1/stay", {"$nott": {}}, "/$nott", "did you mean $not?"),
        ("/rules/0/audience/condition", {"stag": "a"}, "/stag", "did you mean stage?"),
        ("/metrics/0/where", {"property.a": 1}, "/property.a", "did you mean properties?"),
        ("/metrics/0/where", {"context.country": "DE"}, "/context.country", "known are properties"),
    ],
)
def test_a_condition_that_can_never_be_published_is_refused_with_what_was_meant(
    path: str, value: object, place: str, told: str
) -> None:
    with pytest.raises(ValidationError) as raised:
        ConfigDocument.model_validate(with_value(path, value))
    (detail,) = raised.value.errors()
    assert "".join(f"/{step}" for step in detail["loc"]) == path + place
    assert told in detail["msg"]


def test_everything_wrong_in_a_condition_is_named() -> None:
    wrong = {"traits.a": {"$gtt": 1}, "$or": [{"traits.b": {"$in": 1}}]}
    with pytest.raises(ValidationError) as raised:
        ConfigDocument.model_validate(with_value("/segments/0/condition", wrong))
    assert ["".join(f"/{step}" for step in detail["loc"]) for detail in raised.value.errors()] == [
        "/segments/0/condition/traits.a/$gtt",
        "/segments/0/condition/$or/0/traits.b/$in",
    ]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/rules/0/prioritty", "unknown field 'prioritty'; did you mean priority?"),
        ("/rules/0/audience/segment", "unknown field 'segment'; did you mean segments?"),
        ("/rules/0/schedule/windows/0/form", "unknown field 'form'; did you mean from?"),
        ("/experiments/0/exclusion_group/kez", "unknown field 'kez'; did you mean key?"),
        ("/placements/0/variants/0/local", "unknown field 'local'; did you mean locales?"),
        ("/segment", "unknown field 'segment'; did you mean segments?"),
        ("/holdout/zzz", "unknown field 'zzz'; known are percent, salt, unit, metrics"),
    ],
)
def test_of_an_unknown_field_it_is_said_which_was_meant(path: str, told: str) -> None:
    with pytest.raises(ValidationError, match="unknown field") as raised:
        ConfigDocument.model_validate(with_value(path, 1))
    assert [detail["msg"] for detail in raised.value.errors()] == [told]
