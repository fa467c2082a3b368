from typing import Any

import msgspec
import pytest

from app.kit.places import place_of


class Part(msgspec.Struct):
    key: str
    begin: int = msgspec.field(name="from", default=0)


class Whole(msgspec.Struct):
    parts: list[Part] = []
    named: dict[str, list[int]] = {}
    part: Part | None = None
    numbered: dict[int, str] = {}


def place_in(document: Any) -> tuple[str, str]:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(document, Whole)
    return place_of(caught.value)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ([], ""),
        ({"parts": 5}, "/parts"),
        ({"parts": [{"key": "a"}, 5]}, "/parts/1"),
        ({"parts": [{"key": "a"}, {"key": 5}]}, "/parts/1/key"),
        ({"part": {"key": "a", "from": "b"}}, "/part/from"),
        ({"part": 5}, "/part"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(document: Any, pointer: str) -> None:
    place, message = place_in(document)

    assert place == pointer
    assert message.startswith("Expected")
    assert "$" not in message


@pytest.mark.parametrize(
    ("document", "pointer"), [({"parts": [{}]}, "/parts/0/key"), ({"part": {}}, "/part/key")]
)
def test_what_is_missing_is_named_by_the_place_where_it_should_stand(document: Any, pointer: str) -> None:
    assert place_in(document) == (pointer, "is required")


def test_what_is_missing_at_the_top_has_a_place_too() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({}, Part)

    assert place_of(caught.value) == ("/key", "is required")


def test_below_an_object_with_names_of_its_own_only_the_object_is_known() -> None:
    assert place_in({"named": {"a": [1, "b"]}}) == ("/named", "Expected `int`, got `str`")


def test_a_wrong_name_is_named_by_its_object() -> None:
    assert place_in({"numbered": {"a": "b"}})[0] == "/numbered"
