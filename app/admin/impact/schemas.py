"""What is asked of the impact of a draft, and what is answered of a run."""

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.admin.body import Body
from app.admin.impact.report import Impact
from app.admin.runs.told import RunTold

IMPACT = "impact"
DRAFT, PUBLISHED = "draft", "published"

MOST_VISITORS = 200_000
_LAST_REVISION = 2**31 - 1
Number = Annotated[int, Field(ge=1, le=_LAST_REVISION)]
Name = Annotated[str, Field(min_length=1, max_length=128)]


def _version(value: object, *, named: str) -> object:
    if value == named or (type(value) is int and 1 <= value <= _LAST_REVISION):
        return value
    raise PydanticCustomError("version", 'must be "{named}" or the number of a revision', {"named": named})


class Question(Body):
    """Which visitors are replayed, and what they are decided on by."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"visitors": 10_000, "against": "published", "candidate": "draft", "placements": []}]
        }
    )

    visitors: Annotated[int, Field(ge=1, le=MOST_VISITORS, description="The last so many.")] = 10_000
    against: Annotated[
        Literal["published"] | Number,
        BeforeValidator(partial(_version, named=PUBLISHED)),
        Field(description="What they see now: a revision, or the one in force."),
    ] = "published"
    candidate: Annotated[
        Literal["draft"] | Number,
        BeforeValidator(partial(_version, named=DRAFT)),
        Field(description="What they would see: a revision, or the draft as it is when the run begins."),
    ] = "draft"
    placements: Annotated[
        list[Name], Field(max_length=200, description="Only these; every placement where none is named.")
    ] = Field(default_factory=list)


class ImpactRun(RunTold):
    """A run; `result` is there once it is done."""

    asked: dict[str, Any]
    result: Impact | None = None


class Queued(BaseModel):
    """A run that was just queued; its state is at `Location`."""

    id: str
    state: Literal["queued"] = "queued"


_SHOWN = {"variant": "default", "reason": "default", "rule": None, "experiment": None, "arm": None}
_SALE = {**_SHOWN, "variant": "spring-sale", "reason": "rule", "rule": "spring-sale"}
_EXAMPLE = {
    "decision_id": "019cd5d4-7a00-7b3e-9c1d-2f6a8b0e4d11",
    "before": _SHOWN,
    "after": _SALE,
    "placement": None,
    "visitor": "v-123",
}
_MOVE = {"kind": "gained", "before": _SHOWN, "after": _SALE, "visitors": 1_240, "examples": [_EXAMPLE]}
_PLACEMENT = {"placement": "home.hero", "visitors": 9_871, "changed": 1_240, "gained": 1_240, "lost": 0}
_NO_OTHER = {"other_variant": 0, "other_content": 0, "same_content": 0, "moves_left_out": 0}
_RULE = {"rule": "spring-sale", "before": 0, "after": 1_240, "gained": 1_240, "lost": 0, "changed": 0}
EXAMPLE_OF_RUN: dict[str, Any] = {
    "id": "019cd5d4-8c10-7d52-8a44-0b9f3d6c7e21",
    "state": "done",
    "progress": 1.0,
    "created_at": "2026-03-10T12:00:00Z",
    "started_at": "2026-03-10T12:00:01Z",
    "finished_at": "2026-03-10T12:00:09Z",
    "error": None,
    "asked": {"visitors": 10_000, "against": "published", "candidate": "draft", "placements": []},
    "result": {
        "as_of": "2026-03-10T12:00:01Z",
        "against": 7,
        "candidate": None,
        "draft_etag": '"4b1f…"',
        "decisions": 12_904,
        "unreadable": 0,
        "approximate": 0,
        "since": "2026-03-09T21:14:03Z",
        "total": {
            "visitors": 10_000,
            "changed": 1_240,
            "placements": [{**_PLACEMENT, **_NO_OTHER, "moves": [_MOVE]}],
            "rules": [{**_RULE, "examples": [{**_EXAMPLE, "placement": "home.hero"}]}],
            "rules_left_out": 0,
            "experiments": [],
            "journeys": [],
            "segments": [],
        },
    },
}
