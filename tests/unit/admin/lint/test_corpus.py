"""Every planted fault is found, and nothing else; sound sites have none."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.admin.lint.check import check
from app.admin.lint.finding import Report
from tests.builders import instant

CORPUS = Path(__file__).parents[3] / "lint"
FAULTY, SOUND = (sorted((CORPUS / folder).glob("*.json")) for folder in ("faulty", "sound"))
# A busy machine must not cut it short.
LONG_S = 600.0
# Nobody meets these, is in the arm of a draft, or enters a stage that has no way in.
WITHOUT_EXAMPLE = {"condition_contradiction", "audience_contradiction", "schedule_contradiction"}
OF_NOBODY = {"an_arm_of_a_draft", "a_stage_without_a_way_in"}


def read(path: Path) -> tuple[dict[str, Any], Report]:
    case = json.loads(path.read_text())
    return case, check(case["document"], instant(case["now"]), within_s=LONG_S)


def test_there_are_enough_of_both() -> None:
    assert len(FAULTY) >= 40
    assert len(SOUND) >= 20


@pytest.mark.parametrize("path", FAULTY, ids=lambda path: path.stem)
def test_a_planted_fault_is_found_and_nothing_else(path: Path) -> None:
    case, report = read(path)

    found = [{"code": finding.code, "pointer": finding.pointer} for finding in report.findings]

    assert sorted(found, key=str) == sorted(case["expected"], key=str), case["fault"]
    assert (report.unknown, report.not_checked) == ([], [])


@pytest.mark.parametrize("path", FAULTY, ids=lambda path: path.stem)
def test_whatever_somebody_can_meet_has_an_example(path: Path) -> None:
    _, report = read(path)

    for finding in report.findings:
        of_nobody = finding.code in WITHOUT_EXAMPLE or path.stem in OF_NOBODY
        assert (finding.example is None) is of_nobody, finding


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
def test_a_sound_site_has_no_finding(path: Path) -> None:
    case, report = read(path)

    assert report == Report(), case["site"]
