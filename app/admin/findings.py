"""What is found in a site that is allowed and hardly meant: as answers say it, and who finds it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol, TypeAlias, get_args

from fastapi import Depends, Request
from pydantic import BaseModel, Field

Code: TypeAlias = Literal[
    "rule_never_reached",
    "condition_contradiction",
    "audience_contradiction",
    "schedule_contradiction",
    "rule_out_of_date",
    "placement_without_fallback",
    "priority_tie",
    "segment_unused",
    "segments_equal",
    "segment_contained",
    "arm_misses_placement",
    "theme_conflict",
    "stage_never_holds",
]

CODES: tuple[Code, ...] = get_args(Code)


class Finding(BaseModel):
    """One thing that is certain. Pointers are JSON pointers into the document."""

    code: Code
    severity: Literal["warning", "notice"]
    pointer: str
    message: str
    others: list[str] = Field(default_factory=list, description="The other places that have to do with it.")
    example: dict[str, Any] | None = Field(
        None, description="A visitor who shows it, as the body of a preview takes one; null where nobody can."
    )


class Undecided(BaseModel):
    """What could be so, and was neither shown nor ruled out."""

    code: Code
    pointer: str
    why: str
    others: list[str] = Field(default_factory=list)


class Lint(BaseModel):
    """What was found. `not_checked` names what there was no time for: nothing is known of that."""

    findings: list[Finding] = Field(default_factory=list)
    unknown: list[Undecided] = Field(default_factory=list)
    not_checked: list[Code] = Field(default_factory=list)


def not_checked() -> Lint:
    """Say that nothing was looked at."""
    return Lint(not_checked=list(CODES))


class Linter(Protocol):
    """Looks at documents beside everything else that goes on."""

    async def lint(self, document: Mapping[str, Any], now: datetime, *, within_s: float) -> Lint:
        """Look at a document, for visitors from `now` on; takes hardly longer than `within_s` seconds.

        Raises:
            Problems: everything that keeps the document from being published.

        """
        ...


async def _linter(request: Request) -> Linter:
    linter: Linter = request.app.state.linter
    return linter


Linting = Annotated[Linter, Depends(_linter)]
