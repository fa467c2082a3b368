from typing import Any

import pytest

from app.admin.revisions.service import checked
from app.engine.problems import Problems

EXPERIMENT = {"key": "e", "status": "running", "arms": [{"key": "a"}, {"key": "b"}]}


def test_what_is_frozen_and_what_does_not_compile_are_found_together() -> None:
    previous = {"experiments": [EXPERIMENT]}
    draft: dict[str, Any] = {
        "experiments": [{**EXPERIMENT, "unit": "user"}],
        "rules": [{"key": "r", "placements": ["nowhere"], "deliver": {"experiment": "e"}}],
        "site": {"timezone": "Mars"},
    }
    with pytest.raises(Problems) as raised:
        checked(draft, previous, 2)
    places = {problem.pointer for problem in raised.value.problems}
    assert places == {"/experiments/0/unit", "/rules/0/placements/0", "/site/timezone"}


def test_a_sound_draft_gets_its_phases() -> None:
    previous = {"experiments": [{**EXPERIMENT, "phase": 3}]}
    heavier = {**EXPERIMENT, "arms": [{"key": "a", "weight": 2}, {"key": "b"}]}
    assert checked({"experiments": [heavier]}, previous, 2).experiments[0].phase == 4
    assert checked({"experiments": [EXPERIMENT]}, previous, 2).experiments[0].phase == 3
    assert checked({"experiments": [EXPERIMENT]}, None, 1).experiments[0].phase == 1
