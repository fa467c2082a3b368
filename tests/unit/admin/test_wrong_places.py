"""A part at a time, and all the same what pydantic says of the whole."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.admin.config.examples import CONFIG
from app.admin.config.schemas import ConfigDocument
from app.admin.strict_json import Location
from app.admin.wrong_places import WrongPlaces
from app.kit.steps import finished

WRONG = WrongPlaces(ConfigDocument)
GOOD_RULE = {"key": "a", "placements": ["p"], "deliver": {"variant": "v"}}


def in_one_piece(document: Any) -> list[tuple[Location, str]]:
    try:
        ConfigDocument.model_validate(document)
    except ValidationError as error:
        return [(detail["loc"], detail["msg"]) for detail in error.errors()]
    return []


def in_parts(document: Any) -> list[tuple[Location, str]]:
    return finished(WRONG.finding(document))


@pytest.mark.parametrize(
    "document",
    [
        {},
        CONFIG,
        None,
        7,
        [],
        "x\x00",
        {"rules": None},
        {"rules": {}},
        {"rules": "abc"},
        {"rules": [None, 7, [], {}, GOOD_RULE, GOOD_RULE, {**GOOD_RULE, "priority": 1_000}]},
        {"rules": [{**GOOD_RULE, "key": f"r{number}"} for number in range(20_000)]},
        {"rules": [None] * 20_001},
        {"journeys": [{"key": f"j{number}"} for number in range(101)]},
        {"journeys": [{"key": "j", "stages": [{"key": "s", "when": 7}, {"kex": 1}]}]},
        {"site": [], "holdout": {"percent": 101}},
        {"site": {"timezone": 7, "retention": {"events_days": 1}}, "holdout": None},
        {"extra": 1, "another/one": [{}], "rules": [{"key": 1}]},
        {"segments": [{"key": "s", "condition": {"a\x00": ["b\x00", {"c": "\x00"}]}}], "a\x00": 1},
        {"site": {"timezone": "\x00"}, "rules": [{**GOOD_RULE, "note": "\x00"}], "metrics": ["\x00"]},
        {"placements": [{"key": "p", "variants": [{"key": "v", "content": "x" * 2**16}]}]},
        {"experiments": [{"key": "e", "arms": [], "exclusion_group": {"key": "g", "start": 0}}]},
    ],
    ids=lambda document: str(document)[:40],
)
def test_word_for_word_and_in_the_same_order(document: Any) -> None:
    assert in_parts(document) == in_one_piece(document)


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["a", "\x00", "é"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["key", "a"]), inner, max_size=2)
    ),
    max_leaves=6,
)
parts = st.lists(
    json
    | st.fixed_dictionaries({"key": json}, optional=dict.fromkeys(["placements", "deliver", "extra"], json)),
    max_size=3,
)
documents = st.dictionaries(
    st.sampled_from([*ConfigDocument.model_fields, "extra"]), parts | json, max_size=4
)


@settings(max_examples=400, deadline=None)
@given(documents)
def test_whatever_is_given(document: Any) -> None:
    assert in_parts(document) == in_one_piece(document)


def test_each_part_is_a_step_of_its_own() -> None:
    document = {"rules": [{**GOOD_RULE, "key": f"r{number}"} for number in range(100)]}
    assert sum(1 for _ in WRONG.finding(document)) >= 200
