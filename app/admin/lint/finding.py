"""What is found, as the process that looks hands it over."""

from typing import Any, Literal, TypeAlias

import msgspec

Severity: TypeAlias = Literal["warning", "notice"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is certain; pointers lead into the document."""

    code: str
    severity: Severity = "warning"
    pointer: str
    message: str
    others: list[str] = []
    example: dict[str, Any] | None = None


class Undecided(msgspec.Struct, frozen=True, kw_only=True):
    """What may be so, or not."""

    code: str
    pointer: str
    why: str
    others: list[str] = []


class Report(msgspec.Struct, frozen=True):
    """All that was found, and the codes of what there was no time for."""

    findings: list[Finding] = []
    unknown: list[Undecided] = []
    not_checked: list[str] = []
