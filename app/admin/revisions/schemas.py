"""What is said to publish, and what is answered of a revision, of a schedule and of a difference."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.admin.body import Body
from app.admin.findings import Lint, not_checked
from app.admin.instant import At
from app.web.problem_schema import WrongPlace

GREATEST = 2**31 - 1


def _version(value: object) -> object:
    text = str(value)
    if text == "draft":
        return text
    # Not `isdigit()`, which knows the digits of every script.
    if (
        text.isascii()
        and text.isdecimal()
        and 1 <= len(text) <= len(str(GREATEST))
        and 0 < int(text) <= GREATEST
    ):
        return int(text)
    raise PydanticCustomError("version", "must be the number of a revision, or draft")


Version: TypeAlias = Annotated[
    int | Literal["draft"],
    BeforeValidator(_version),
    WithJsonSchema({"type": "string", "pattern": "^(draft|[1-9][0-9]{0,8})$"}),
]
"""The number of a revision, or the draft."""


class Publication(Body):
    """What publishing is told. With `publish_at` the draft as it is now is published then."""

    comment: Annotated[str, Field(max_length=2_000, examples=["Spring sale on the home page"])] = ""
    publish_at: Annotated[At, Field(examples=["2027-03-01T06:00:00Z"])] | None = None


class RevisionSummary(BaseModel):
    """A revision without its document."""

    number: int
    comment: str
    author: str
    created_at: datetime


class Published(RevisionSummary):
    """A new revision. `warnings` and `lint` name what is allowed and perhaps not meant."""

    warnings: list[WrongPlace]
    lint: Lint = Field(default_factory=not_checked)


class Revision(RevisionSummary):
    """A revision with its document: the draft as it was, and the phase of each experiment.

    The holdout has a phase from its second one on.
    """

    document: dict[str, Any]


class Scheduled(BaseModel):
    """What is published at an instant, and what became of it.

    `revision` is the number that it got. A failed one changed nothing, and `errors` say why.
    """

    id: UUID
    publish_at: datetime
    comment: str
    author: str
    status: Literal["waiting", "published", "failed", "cancelled"]
    revision: int | None
    errors: list[WrongPlace]
    created_at: datetime = Field(description="When the draft was frozen that this is to publish.")
    finished_at: datetime | None


class ScheduledDocument(Scheduled):
    """A schedule with its document, which is empty where it was published or cancelled."""

    document: dict[str, Any]
