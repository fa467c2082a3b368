"""Semantic versions in the order that semver.org gives them."""

from itertools import pairwise

import pytest

from app.engine.versions import version_of

ASCENDING = [
    "0",
    "0.0.1-alpha",
    "0.0.1",
    "0.9.99",
    "0.10.0",
    "1.0.0-0",
    "1.0.0-9999",
    "1.0.0--1",
    "1.0.0-ALPHA",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.2",
    "1.0.0-alpha.10",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.0.1",
    "1.0.1",
    "1.2",
    "1.10",
    "2",
    "10000.0.0",
]


@pytest.mark.parametrize(("lower", "higher"), list(pairwise(ASCENDING)))
def test_versions_are_ordered_as_semver_orders_them(lower: str, higher: str) -> None:
    below, above = version_of(lower), version_of(higher)

    assert below is not None
    assert above is not None
    assert below < above


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1.0.0"),
        ("1.2", "1.2.0"),
        ("v1.2.3", "1.2.3"),
        ("V1.2.3", "1.2.3"),
        ("1.2.3+build.5", "1.2.3"),
        ("1.2.3-rc.1+5", "v1.2.3-rc.1"),
        ("01.002", "1.2"),
        ("0", "0.0.0"),
        ("2-rc", "2.0.0-rc"),
        ("1-007", "1-7"),
    ],
)
def test_what_does_not_count_makes_no_difference(one: str, other: str) -> None:
    assert version_of(one) == version_of(other) is not None


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "v",
            "latest",
            "1.",
            ".1",
            "1..2",
            "1.2.x",
            "1.2-",
            "1-a..b",
            "1.2+",
            "1 ",
            " 1",
            "1\n",
            "-1",
            "1.-2",
        ),
        *(
            "\u0661.2",
            "1.2_3",
            "1-\u212a",
            "vv1",
            pytest.param("1" * 129, id="129 digits"),
            pytest.param("9" * 10_000, id="10,000 digits"),
            None,
            1,
            1.2,
            True,
            ["1"],
            {"v": "1"},
        ),
    ],
)
def test_what_is_no_version_has_no_place_in_their_order(value: object) -> None:
    assert version_of(value) is None


def test_a_version_has_at_most_128_characters() -> None:
    assert version_of("1." + "0" * 126) == version_of("1")
    assert version_of("1." + "0" * 127) is None
