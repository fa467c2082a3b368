"""What may be asked in the query of a results request."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.reporting.question import CutBy, Population

# Phases are stored as 16-bit integers.
_LAST_PHASE = 32_767


class Format(StrEnum):
    """How results are written."""

    JSON = "json"
    CSV = "csv"


class ResultsQuery(BaseModel):
    """The query of a results request; an unknown parameter is refused, since it was meant to do something."""

    model_config = ConfigDict(extra="forbid")

    by: CutBy | None = Field(
        None,
        description="Cut the units by how they stood when first given an arm, by day all until its end.",
    )
    phase: int | None = Field(None, ge=1, le=_LAST_PHASE, description="By default the latest.")
    population: Population = Field(
        Population.ASSIGNED, description="`exposed`: units whose page sent `$exposure`."
    )
    complete: bool = Field(False, description="Compare only units whose windows have closed.")
    format: Format = Format.JSON


class ExportFormat(StrEnum):
    """How exported rows are written."""

    CSV = "csv"
    PARQUET = "parquet"


class ExportQuery(BaseModel):
    """The query of an export."""

    model_config = ConfigDict(extra="forbid")

    what: Literal["units", "assignments"] = Field(
        "units", description="A row for each unit with what it did, or for each assignment."
    )
    phase: int | None = Field(None, ge=1, le=_LAST_PHASE, description="By default the latest.")
    format: ExportFormat = ExportFormat.CSV
