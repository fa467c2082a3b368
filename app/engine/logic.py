"""Checks made of checks: all, any, not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.engine.places import Check


def all_of(checks: Sequence[Check]) -> Check:
    """Hold where every check holds; without any, always."""
    if len(checks) == 1:
        return checks[0]
    checks = tuple(checks)

    def hold(value: Any, now: datetime | None = None) -> bool:
        for check in checks:  # noqa: SIM110 -- all() would allocate a generator in every decision
            if not check(value, now):
                return False
        return True

    return hold


def any_of(checks: Sequence[Check]) -> Check:
    """Hold where at least one check holds; without any, never."""
    checks = tuple(checks)

    def holds(value: Any, now: datetime | None = None) -> bool:
        for check in checks:  # noqa: SIM110 -- any() would allocate a generator in every decision
            if check(value, now):
                return True
        return False

    return holds


def negated(check: Check) -> Check:
    """Hold where the check does not."""

    def holds(value: Any, now: datetime | None = None) -> bool:
        return not check(value, now)

    return holds
