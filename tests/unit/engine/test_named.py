"""What is said of names that stand for nothing, where there are thousands of names."""

from typing import Any

import pytest

from app.engine.named import unknown_attribute
from tests.builders import rule, segment
from tests.unit.engine.complaints import complaints

MANY = [segment(f"segment-{n:04}", {"context.x": n}) for n in range(10_000)]


def messages(*asked: str, segments: list[dict[str, Any]]) -> list[str]:
    """What is said of rules that each address one segment, in their order."""
    rules = [rule(f"r{n}", audience={"segments": [key]}) for n, key in enumerate(asked)]
    return list(complaints(segments=segments, rules=rules).values())


@pytest.mark.parametrize("written", ["segment-412", "segment-04120", "segment-0412x", "segmnt-0412"])
def test_of_thousands_of_names_a_near_one_is_suggested(written: str) -> None:
    [message] = messages(written, segments=MANY)

    assert message.startswith(f"there is no segment '{written}'; did you mean 'segment-")


def test_among_few_names_a_typo_in_the_first_letter_is_understood() -> None:
    assert messages("zegment-0003", segments=MANY[:20]) == [
        "there is no segment 'zegment-0003'; did you mean 'segment-0003'?"
    ]


@pytest.mark.parametrize("written", ["", "a", "zzz"])
def test_at_either_end_of_the_alphabet_nothing_may_be_near(written: str) -> None:
    assert messages(written, segments=MANY) == [f"there is no segment '{written}'"]


def test_only_the_first_of_many_missing_names_come_with_a_suggestion() -> None:
    found = messages(*(f"segment-{n:04}x" for n in range(1_000)), segments=MANY)

    assert len(found) == 1_000
    assert all("did you mean" in message for message in found[:20])
    assert not any("did you mean" in message for message in found[20:])


@pytest.mark.parametrize(
    ("root", "told"),
    [
        ("trait", "there is no attribute 'trait'; did you mean traits?"),
        (
            "weather",
            "there is no attribute 'weather'; known are context, events, profile, segments, stage, stages,",
        ),
    ],
)
def test_of_an_attribute_that_nobody_has_it_is_said_which_there_are(root: str, told: str) -> None:
    assert unknown_attribute(root).startswith(told)


def test_where_other_attributes_can_be_asked_for_these_are_named() -> None:
    assert unknown_attribute("weather", ("properties",)).endswith("known are properties")
