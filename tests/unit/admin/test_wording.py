from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from app.admin.body import Body, Part
from app.admin.wording import location_of, refused
from app.engine.problems import Problem


class Bell(Part):
    loudness: int = 1


class Wheel(Part):
    spokes: int = 32
    bell: Bell | None = None


class Bicycle(Body):
    front: Wheel = Field(default_factory=Wheel)
    wheels: list[Wheel] = Field(default_factory=list)
    spare: dict[str, Wheel] = Field(default_factory=dict)
    origin: str = Field("", alias="from")


def messages(given: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationError) as raised:
        Bicycle.model_validate(given)
    return [detail["msg"] for detail in raised.value.errors()]


@pytest.mark.parametrize(
    "given",
    [
        {"front": {"spoke": 1}},
        {"wheels": [{}, {"spoke": 1}]},
        {"spare": {"back": {"spoke": 1}}},
    ],
)
def test_a_field_is_suggested_wherever_it_stands(given: dict[str, Any]) -> None:
    assert messages(given) == ["unknown field 'spoke'; did you mean spokes?"]


def test_a_field_is_suggested_by_the_name_it_has_in_json() -> None:
    assert messages({"form": "us"}) == ["unknown field 'form'; did you mean from?"]


def test_what_is_optional_is_known_too() -> None:
    assert messages({"front": {"bell": {"loud": 3}}}) == ["unknown field 'loud'; did you mean loudness?"]


def test_where_nothing_is_near_all_are_named() -> None:
    assert messages({"zzz": 1}) == ["unknown field 'zzz'; known are front, wheels, spare, from"]


def test_only_the_first_of_many_unknown_fields_come_with_a_suggestion() -> None:
    found = messages({"wheels": [{"spoke": 1}] * 1_000})
    assert len(found) == 1_000
    assert all("did you mean" in message for message in found[:20])
    assert not any("did you mean" in message for message in found[20:])


@pytest.mark.parametrize(
    ("pointer", "location"), [("", ()), ("/a/0", ("a", "0")), ("/a~1b/~01", ("a/b", "~1")), ("/", ("",))]
)
def test_a_pointer_is_taken_apart(pointer: str, location: tuple[str, ...]) -> None:
    assert location_of(pointer) == location


def test_problems_below_a_value_are_told_each_at_its_place() -> None:
    error = refused([Problem("/a/b", "is wrong {so}"), Problem("", "is all wrong")], "Condition")
    assert [(detail["loc"], detail["msg"]) for detail in error.errors()] == [
        (("a", "b"), "is wrong {so}"),
        ((), "is all wrong"),
    ]


class Garage(Body):
    places: dict[Annotated[str, Field(pattern="^[a-z]+$")], int] = Field(default_factory=dict)


@pytest.mark.parametrize(
    ("given", "place"),
    [({"A1": 1}, ("places", "A1")), ({"[key]": 1}, ("places", "[key]")), ({"a": "[key]"}, ("places", "a"))],
)
def test_a_wrong_name_is_found_where_what_is_named_so_stands(given: Any, place: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as raised:
        Garage.model_validate({"places": given})

    assert [detail["loc"] for detail in raised.value.errors()] == [place]
