from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.web.expected import KEY, LOCALE, ORIGIN, TIME_OF_DAY, expected


class Bell(BaseModel):
    model_config = ConfigDict(strict=True)

    loudness: int


def said_of(kind: Any, given: object) -> str:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(kind).validate_python(given, strict=True)
    (detail,) = raised.value.errors()
    return expected(detail)


def matching(pattern: str) -> Any:
    return Annotated[str, Field(pattern=pattern)]


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (Bell, {}, "is required"),
        (Bell, [], "must be an object"),
        (dict[str, int], 7, "must be an object"),
        (list[int], {}, "must be an array"),
        (str, None, "must be a string"),
        (bool, "yes", "must be true or false"),
        (int, 1.5, "must be an integer"),
        (float, "1", "must be a number"),
        (Annotated[float, Field(allow_inf_nan=False)], float("inf"), "must be a number"),
    ],
)
def test_types_are_called_as_json_calls_them(kind: Any, given: object, message: str) -> None:
    assert said_of(kind, given) == message


@pytest.mark.parametrize(
    ("bound", "given", "message"),
    [
        (Field(ge=1), 0, "must be at least 1"),
        (Field(gt=0), 0, "must be more than 0"),
        (Field(le=20_000), 20_001, "must be at most 20,000"),
        (Field(lt=1), 1, "must be less than 1"),
        (Field(min_length=1), "", "must have at least 1 character"),
        (Field(max_length=2), "abc", "must have at most 2 characters"),
        (Field(min_length=1), [], "must have at least 1 item"),
        (Field(max_length=2), [1, 2, 3], "must have at most 2 items"),
    ],
)
def test_a_bound_is_told(bound: Any, given: Any, message: str) -> None:
    assert said_of(Annotated[type(given), bound], given) == message


def test_the_bound_of_an_instant_is_an_instant() -> None:
    last = datetime(2200, 1, 1, tzinfo=UTC)
    assert said_of(Annotated[datetime, Field(lt=last)], last) == "must be less than 2200-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("ratoi", "must be 'mean' or 'ratio'; did you mean 'ratio'?"),
        ("sum", "must be 'mean' or 'ratio'"),
        (7, "must be 'mean' or 'ratio'"),
    ],
)
def test_of_a_few_words_the_nearest_is_suggested(given: object, message: str) -> None:
    assert said_of(Literal["mean", "ratio"], given) == message


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        (KEY, "letters, digits, and _ . : -"),
        (ORIGIN, "https://shop.example"),
        (LOCALE, "de-AT"),
        (TIME_OF_DAY, "09:30"),
        (r"^(enabled|disabled)$", "must be one of enabled, disabled"),
        (r"^-?(key|position)$", "must be one of key, position, or begin with a -"),
        (r"^[a-z]{3}$", "must match the pattern ^[a-z]{3}$"),
    ],
)
def test_a_pattern_is_told_in_words_where_there_are_any(pattern: str, example: str) -> None:
    assert example in said_of(matching(pattern), "?")


def test_an_id_is_no_riddle() -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(UUID).validate_python("nope")
    assert expected(raised.value.errors()[0]) == "must be an id, as an answer gave it"


def test_what_is_not_known_here_is_told_as_pydantic_does() -> None:
    assert said_of(set[int], 7) == "Input should be a valid set"
