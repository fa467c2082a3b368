"""A profile in words that people can read: instants instead of milliseconds, names instead of places."""

from datetime import datetime

from app.admin.profiles import schemas
from app.engine.profile import Counter, Profile
from app.kit.clock import instant_of


def tell(visitor: str, profile: Profile) -> schemas.Profile:
    """Tell all that is remembered."""
    return schemas.Profile(
        visitor=visitor,
        owner=profile.owner,
        first_seen=_instant(profile.first_ms),
        last_event_at=_instant(profile.last_event_ms),
        traits=profile.traits,
        events={name: _counted(counter) for name, counter in profile.counters.items()},
        stages={
            journey: schemas.StageHeld(stage=held.stage, since=instant_of(held.since_ms))
            for journey, held in profile.stages.items()
        },
        moves=_moves(profile),
        arms={
            experiment: schemas.ArmHeld(arm=held.arm, phase=held.phase, at=instant_of(held.at_ms))
            for experiment, held in profile.arms.items()
        },
        caps={rule: [instant_of(ms) for ms in delivered] for rule, delivered in profile.caps.items()},
        consent={
            purpose: schemas.ConsentHeld(granted=held.granted, at=instant_of(held.at_ms))
            for purpose, held in profile.consent.items()
        },
    )


def _counted(counter: Counter) -> schemas.EventsCounted:
    return schemas.EventsCounted(
        count=counter.count,
        first_at=_instant(counter.first_ms),
        last_at=_instant(counter.last_ms),
        sums=counter.sums,
        latest=counter.latest,
        count_since=counter.since,
    )


def _moves(profile: Profile) -> list[schemas.StageMove]:
    return [
        schemas.StageMove(
            journey=move.journey,
            came_from=move.came_from,
            stage=move.stage,
            at=instant_of(move.at_ms),
            because=move.because,
        )
        for move in profile.moves
    ]


def _instant(ms: int) -> datetime | None:
    """Read an instant; 0 says that there is none."""
    return instant_of(ms) if ms else None
