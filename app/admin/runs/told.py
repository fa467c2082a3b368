"""How a run is answered."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from app.admin.runs.queue import State
from app.web.problem_schema import WrongPlace


class RunError(BaseModel):
    """Why a run failed; `errors` name each wrong place of a document that does not compile."""

    detail: str
    errors: list[WrongPlace]


class RunTold(BaseModel):
    """How far a run has come. A `failed` one has an `error`."""

    id: UUID
    state: State
    progress: float
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: RunError | None
