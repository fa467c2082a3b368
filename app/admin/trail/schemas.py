"""What may be asked of the audit, and what an entry tells."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.admin.instant import At

# PostgreSQL cannot look for U+0000.
_STORABLE = r"^[^\x00]*$"


class AuditFormat(StrEnum):
    """How entries are written."""

    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"


class Wanted(BaseModel):
    """Which entries; an unknown parameter is refused, since it was meant to do something."""

    model_config = ConfigDict(extra="forbid")

    actor: str | None = Field(
        None, max_length=200, pattern=_STORABLE, description="By the key of this name or id."
    )
    action: str | None = Field(None, max_length=200, pattern=_STORABLE, examples=["published"])
    target: str | None = Field(
        None,
        max_length=500,
        pattern=_STORABLE,
        description="Whose target begins so: `rules/` for all rules.",
        examples=["rules/hero-test"],
    )
    since: At | None = Field(None, description="From this instant on.")
    until: At | None = Field(None, description="Before this instant.")


class Query(Wanted):
    """The query of a request: which entries, how written, and for `json` which page of them."""

    format: AuditFormat = Field(
        AuditFormat.JSON, description="`csv` and `ndjson` answer all of them at once."
    )
    limit: int = Field(50, ge=1, le=200, description="How many items at most, for `json`.")
    cursor: str | None = Field(None, max_length=512, description="`next_cursor` of the page before.")


class AuditEntry(BaseModel):
    """One thing done. `before` and `after` are the resource, where it is one; never a secret.

    Of a list in another order they are its keys.
    """

    id: int
    at: datetime
    actor: str = Field(description="The name of the key, as it was then.")
    key_id: str | None
    request_id: str | None = Field(description="The `X-Request-Id` of the request.")
    action: str
    target: str
    before: Any
    after: Any
