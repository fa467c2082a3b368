"""Whether a draft can be published."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.admin.revisions.checked import Checked, checking
from app.engine.problems import Problems
from app.kit.steps import finished
from tests.builders import document, rule

EXPERIMENT = {"key": "e", "status": "running", "arms": [{"key": "a"}, {"key": "b"}]}


def checked(
    draft: dict[str, Any], previous: dict[str, Any] | None = None, reached: Mapping[str, int] | None = None
) -> Checked:
    return finished(checking(draft, previous, 2, reached or {}))


def phase(experiment: dict[str, Any], previous: dict[str, Any] | None = None) -> int:
    return checked({"experiments": [experiment]}, previous).phases["e"]


def test_what_is_frozen_and_what_does_not_compile_are_found_together() -> None:
    draft: dict[str, Any] = {
        "experiments": [{**EXPERIMENT, "unit": "user"}],
        "rules": [{"key": "r", "placements": ["nowhere"], "deliver": {"experiment": "e"}}],
        "site": {"timezone": "Mars"},
        "holdout": {"metrics": ["nothing"]},
    }
    with pytest.raises(Problems) as raised:
        checked(draft, {"experiments": [EXPERIMENT]})
    places = {problem.pointer for problem in raised.value.problems}
    assert places == {
        "/experiments/0/unit",
        "/rules/0/placements/0",
        "/site/timezone",
        "/holdout/metrics/0",
    }


def test_a_sound_draft_gets_its_phases() -> None:
    heavier = {**EXPERIMENT, "arms": [{"key": "a", "weight": 2}, {"key": "b"}]}

    assert phase(heavier, {"experiments": [{**EXPERIMENT, "phase": 3}]}) == 4
    assert phase(EXPERIMENT, {"experiments": [{**EXPERIMENT, "phase": 3}]}) == 3
    assert phase(EXPERIMENT) == 1


def test_an_experiment_that_comes_back_gets_another_phase() -> None:
    draft: dict[str, Any] = {"experiments": [EXPERIMENT, {**EXPERIMENT, "key": "f"}]}

    assert checked(draft, {"experiments": [{**EXPERIMENT, "key": "f"}]}, {"e": 3}).phases == {"e": 4, "f": 1}


def test_what_is_perhaps_not_meant_is_told_with_its_place() -> None:
    asked = [rule("r", audience={"condition": {"traits.a": {"$lt": 1}}})]

    [warning] = checked(document(rules=asked)).warnings

    assert warning.pointer == "/rules/0/audience/condition/traits.a/$lt"
