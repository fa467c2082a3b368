"""What is said to publish, and what is answered of a revision."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from app.admin.body import Body
from app.admin.findings import Lint, not_checked
from app.web.problem_schema import WrongPlace


class Publication(Body):
    """What publishing is told."""

    comment: Annotated[str, Field(max_length=2_000, examples=["Spring sale on the home page"])] = ""


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
    """A revision with its document: the draft as it was, and the phase of each experiment."""

    document: dict[str, Any]
