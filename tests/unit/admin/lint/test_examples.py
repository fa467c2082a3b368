"""Whoever tries an example at the preview sees there what was found."""

import json
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.admin.lint.check import check
from app.admin.lint.finding import Finding
from app.admin.preview.schemas import Preview
from app.admin.preview.service import preview
from app.api.context import context_said
from app.api.whereabouts import Whereabouts
from app.engine.compile import compile_ruleset, parse_document
from tests.builders import instant

FAULTY = sorted((Path(__file__).parents[3] / "lint" / "faulty").glob("*.json"))
CONTEXT_OF = partial(context_said, whereabouts=Whereabouts())


class Case:
    """A site with a finding, and what a preview answers for its example."""

    def __init__(self, document: dict[str, Any], finding: Finding, answer: dict[str, Any]) -> None:
        self.document, self.finding, self.answer = document, finding, answer
        self.asked: list[str] = (finding.example or {})["placements"]
        self.is_spent = "once caps are used up" in finding.message

    def named(self, pointer: str) -> Any:
        """The resource that a pointer leads into."""
        _, kind, number, *_ = pointer.split("/")
        return self.document[kind][int(number)]

    def told(self) -> list[str]:
        """The resources that have to do with it, its own first."""
        return [self.named(pointer)["key"] for pointer in (self.finding.pointer, *self.finding.others)]

    def drawn(self) -> list[str | None]:
        """The rules that show something at the placements."""
        return [self.answer["placements"][placement]["rule"] for placement in self.asked]

    def lacked(self, rule: str) -> list[str]:
        """What a rule lacked at the first placement."""
        trace = self.answer["placements"][self.asked[0]]["trace"]
        return next([str(lack.value) for lack in each.lacked] for each in trace if each.rule == rule)


def sees_another_rule(case: Case) -> bool:
    own, *others = case.told()
    return case.drawn()[0] in others and own not in case.drawn()


def sees_nothing(case: Case) -> bool:
    return case.is_spent or case.answer["placements"][case.asked[0]]["variant"] is None


def sees_both(case: Case) -> bool:
    return case.is_spent or sorted(map(str, case.drawn())) == sorted(case.told())


def meets_both(case: Case) -> bool:
    return all(set(case.lacked(key)) <= {"outranked"} for key in case.told())


def is_in_all(case: Case) -> bool:
    return set(case.told()) <= set(case.answer["visitor"]["segments"])


def comes_too_late(case: Case) -> bool:
    return "schedule" in case.lacked(case.told()[0])


def is_shown_no_arm(case: Case) -> bool:
    experiments = {case.answer["placements"][placement]["experiment"] for placement in case.asked}
    return experiments == {None}


def stands_elsewhere(case: Case) -> bool:
    _, _, number, _, place = case.finding.pointer.split("/")
    journey = case.document["journeys"][int(number)]
    stage = case.answer["visitor"]["stages"][journey["key"]]
    return bool(stage != journey["stages"][int(place)]["key"])


SHOWS = {
    "rule_never_reached": sees_another_rule,
    "placement_without_fallback": sees_nothing,
    "theme_conflict": sees_both,
    "priority_tie": meets_both,
    "segment_unused": is_in_all,
    "segments_equal": is_in_all,
    "segment_contained": is_in_all,
    "rule_out_of_date": comes_too_late,
    "arm_misses_placement": is_shown_no_arm,
    "stage_never_holds": stands_elsewhere,
}


def read(path: Path) -> tuple[dict[str, Any], datetime]:
    given = json.loads(path.read_text())
    return given["document"], instant(given["now"])


@pytest.mark.parametrize(("document", "now"), [*map(read, FAULTY)], ids=[path.stem for path in FAULTY])
async def test_the_preview_shows_what_was_found(document: dict[str, Any], now: datetime) -> None:
    ruleset = compile_ruleset(parse_document(document), 1)
    for finding in check(document, now, within_s=600).findings:
        if finding.example is not None:
            said = Preview.model_validate(finding.example)
            answer = await preview(said, ruleset, CONTEXT_OF, now)
            assert SHOWS[finding.code](Case(document, finding, answer)), finding
