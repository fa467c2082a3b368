"""Journeys moved to now and brought into the order of time."""

from collections.abc import Iterable

import msgspec

from loadtests.steps import JourneyError, Step

# The service takes events 90 days back; a day less, since the replay itself takes time.
LONGEST_DAYS = 89
_DAY_MS = 86_400_000


def first_visitors(steps: Iterable[Step], limit: int | None) -> list[Step]:
    """Keep the steps of the first `limit` visitors that the source names; all where there is no limit."""
    if limit is None:
        return list(steps)
    listed = list(steps)
    kept = set(list(dict.fromkeys(step.visitor for step in listed))[:limit])
    return [step for step in listed if step.visitor in kept]


def ending_at(steps: Iterable[Step], now_ms: int) -> list[Step]:
    """Shift all steps alike so that the last is now, sorted by instant and then as the source is ordered.

    Raises:
        JourneyError: where the journeys span more days than the service takes events back.

    """
    ordered = sorted(steps, key=lambda step: (step.at_ms, step.id))
    if not ordered:
        raise JourneyError("there is no step to replay")
    shift_ms = now_ms - ordered[-1].at_ms
    if now_ms - (ordered[0].at_ms + shift_ms) > LONGEST_DAYS * _DAY_MS:
        raise JourneyError(
            f"the journeys span more than {LONGEST_DAYS} days; events are taken no further back"
        )
    return [msgspec.structs.replace(step, at_ms=step.at_ms + shift_ms) for step in ordered]
