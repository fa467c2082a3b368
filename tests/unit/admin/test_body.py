from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import Field, ValidationError

from app.admin.body import Body, Part
from app.admin.strict_json import Location


class Wheel(Part):
    inches: int
    maker: str = "us"


class Bicycle(Body):
    name: str
    wheels: list[Wheel] = Field(default_factory=list)
    extras: Any = None

    @classmethod
    def wrong_in(cls, given: object) -> Iterator[tuple[Location, str]]:
        if isinstance(given, dict) and given.get("name") == "car":
            yield ("name",), "a {car} is no bicycle"


def wrong(given: object) -> list[tuple[Location, str]]:
    with pytest.raises(ValidationError) as raised:
        Bicycle.model_validate(given)
    return [(detail["loc"], detail["msg"]) for detail in raised.value.errors()]


def test_what_was_given_is_kept_as_it_was() -> None:
    given = {"wheels": [{"inches": 28}], "name": "city"}
    bicycle = Bicycle.model_validate(given)
    assert bicycle.given == given
    assert bicycle.wheels[0].maker == "us"


def test_no_value_is_bent_into_another_type() -> None:
    assert wrong({"name": "city", "wheels": [{"inches": "28"}]}) == [
        (("wheels", 0, "inches"), "must be an integer")
    ]


def test_an_unknown_field_is_an_error_wherever_it_stands() -> None:
    given = {"name": "city", "colour": "red", "wheels": [{"inches": 28, "colour": "red"}]}
    assert {place for place, _ in wrong(given)} == {("colour",), ("wheels", 0, "colour")}


def test_everything_wrong_is_found_in_one_go() -> None:
    given = {"name": "car", "wheels": [{"inches": None}], "extras": {"note": ["a\x00b"]}}
    assert wrong(given) == [
        (("extras", "note", 0), "must not contain \\u0000"),
        (("name",), "a {car} is no bicycle"),
        (("wheels", 0, "inches"), "must be an integer"),
    ]


def test_a_nul_alone_is_an_error() -> None:
    assert wrong({"name": "city\x00"}) == [(("name",), "must not contain \\u0000")]


def test_what_only_looks_like_a_nul_is_none() -> None:
    assert Bicycle.model_validate({"name": "\\u0000"}).name == "\\u0000"


@pytest.mark.parametrize("given", [None, [], "city", 7])
def test_what_is_no_object_is_an_error(given: object) -> None:
    assert wrong(given)[0][0] == ()
