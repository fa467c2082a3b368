"""The visitor of a preview, made up against the draft."""

from collections.abc import Mapping

from app.admin.counters import made_up_counters
from app.admin.forcible import refuse_unknown
from app.admin.preview.schemas import MadeUpProfile
from app.engine.counters import DAY_MS
from app.engine.forcing import Forcible
from app.engine.places import Place
from app.engine.profile import ArmHeld, Profile
from app.engine.ruleset import Ruleset


def made_up_profile(said: MadeUpProfile, ruleset: Ruleset, now_ms: int, place: Place) -> Profile:
    """Make a profile in which the draft finds what is said; what it does not know is refused at its place."""
    counters = made_up_counters(said.events, now_ms, place.at("events"))
    happened = [counter for counter in counters.values() if counter.count]
    first_ms = min((counter.first_ms for counter in happened), default=0)
    return Profile(
        first_ms=first_ms if said.age_days is None else now_ms - round(said.age_days * DAY_MS),
        last_event_ms=max((counter.last_ms for counter in happened), default=0),
        traits=said.traits,
        counters=counters,
        arms=_arms(said.arms, ruleset, now_ms, place.at("arms")),
        events=sum(counter.count for counter in happened),
        asked=ruleset.asked,
    )


def _arms(said: Mapping[str, str], ruleset: Ruleset, now_ms: int, place: Place) -> dict[str, ArmHeld]:
    refuse_unknown("experiment", said, Forcible.of(ruleset).arms, place)
    return {key: ArmHeld(arm, 1, now_ms) for key, arm in said.items()}
