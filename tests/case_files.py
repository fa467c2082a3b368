"""Decision cases: what a visitor did, asks and must be shown, run through the engine and over HTTP alike."""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.api.wire import ConsentBody, ContextBody, EventBody, KnownVisitorBody

FOLDER = Path(__file__).parent / "cases"


class Step(msgspec.Struct, forbid_unknown_fields=True):
    """What a visitor did before: an event, perhaps several times, or a page load with some placements."""

    at: datetime
    name: str | None = None
    properties: dict[str, Any] = {}
    times: int = 1
    decide: list[str] | None = None

    @property
    def events(self) -> list[EventBody]:
        """The events of this step."""
        return [EventBody(self.name, self.properties)] * self.times if self.name is not None else []


class Expected(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What an answer must say; what is not named here may be anything.

    `segments` are all of them, in any order; `in` and `not_in` name some. Of placements and assignments
    the fields named must be equal, and all assignments are listed.
    """

    stage: str | msgspec.UnsetType | None = msgspec.UNSET
    stages: dict[str, str] | None = None
    segments: list[str] | None = None
    within: list[str] = msgspec.field(default_factory=list, name="in")
    outside: list[str] = msgspec.field(default_factory=list, name="not_in")
    placements: dict[str, dict[str, Any]] = {}
    assignments: list[dict[str, Any]] | None = None


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """One visitor at one instant. Whoever names no visitor id is somebody of their own."""

    name: str
    now: datetime
    expect: Expected
    history: list[Step] = []
    visitor: KnownVisitorBody | None = None
    placements: tuple[str, ...] = ("home.hero",)
    context: ContextBody = ContextBody()
    consent: ConsentBody = ConsentBody()
    events: list[EventBody] = []

    @property
    def who(self) -> KnownVisitorBody:
        """Who asks."""
        return self.visitor or KnownVisitorBody(id=f"who sees: {self.name}"[:128])


class CaseFile(msgspec.Struct, forbid_unknown_fields=True):
    """A site, and cases on it."""

    config: dict[str, Any]
    cases: list[Case]


FILES = {
    path.stem: msgspec.json.decode(path.read_bytes(), type=CaseFile) for path in sorted(FOLDER.glob("*.json"))
}

each_case = pytest.mark.parametrize(
    ("theme", "case"),
    [pytest.param(theme, case, id=f"{theme}: {case.name}") for theme, f in FILES.items() for case in f.cases],
)


def check(expected: Expected, answer: dict[str, Any]) -> None:
    """Compare an answer with what it must say. It has the shape of the wire, with `visitor` spread out."""
    if expected.stage is not msgspec.UNSET:
        assert answer["stage"] == expected.stage
    if expected.stages is not None:
        assert answer["stages"] == expected.stages
    if expected.segments is not None:
        assert sorted(answer["segments"]) == sorted(expected.segments)
    assert set(expected.within) - set(answer["segments"]) == set()
    assert set(expected.outside) & set(answer["segments"]) == set()
    for key, fields in expected.placements.items():
        assert _named(fields, answer["placements"][key]) == fields
    if expected.assignments is not None:
        assert len(answer["assignments"]) == len(expected.assignments)
        for fields, assignment in zip(expected.assignments, answer["assignments"], strict=True):
            assert _named(fields, assignment) == fields


def _named(fields: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer.get(name, "not answered") for name in fields}
