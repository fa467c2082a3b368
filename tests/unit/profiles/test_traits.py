"""Traits are changed by JSON merge patches."""

from copy import deepcopy
from typing import Any

import msgspec
import pytest

from app.profiles.traits import patched


@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": {"b": "c", "e": 1}}, {"a": {"b": {"c": 2}}}, {"a": {"b": {"c": 2}, "e": 1}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"a": "foo"}, {"a": {"b": "c"}}, {"a": {"b": "c"}}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({}, {"a": [{"b": None}, None]}, {"a": [{"b": None}, None]}),
        ({}, {"a": False, "b": 0, "c": ""}, {"a": False, "b": 0, "c": ""}),
    ],
)
def test_a_patch_changes_what_it_names(
    before: dict[str, Any], patch: dict[str, Any], after: dict[str, Any]
) -> None:
    given = deepcopy((before, patch))

    assert patched(before, patch) == after
    assert (before, patch) == given


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (2**64 - 1, 2**64 - 1),
        (-(2**63), -(2**63)),
        (2**64, float(2**64)),
        (-(2**63) - 1, -float(2**63)),
        (10**400, 0.0),
        ([10**30, {"b": 10**30}], [1e30, {"b": 1e30}]),
        ({"b": 10**30}, {"b": 1e30}),
    ],
)
def test_a_number_that_is_too_large_to_store_is_kept_as_near_as_can_be(value: object, kept: object) -> None:
    after = patched({}, {"a": value})

    assert after == {"a": kept}
    assert type(after["a"]) is type(kept)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(after)) == after
