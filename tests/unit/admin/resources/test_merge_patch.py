from typing import Any

import pytest

from app.admin.resources.merge_patch import merged


# The examples of RFC 7396, appendix A.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_patch_is_merged_as_the_rfc_shows(target: Any, patch: Any, result: Any) -> None:
    assert merged(target, patch) == result


def test_nulls_in_an_array_stay() -> None:
    assert merged({"arms": []}, {"arms": [{"variants": {"p": None}}]}) == {
        "arms": [{"variants": {"p": None}}]
    }


def test_neither_the_target_nor_the_patch_is_changed() -> None:
    target, patch = {"a": {"b": 1}}, {"a": {"b": None, "c": {"d": 1}}}
    assert merged(target, patch) == {"a": {"c": {"d": 1}}}
    assert (target, patch) == ({"a": {"b": 1}}, {"a": {"b": None, "c": {"d": 1}}})
