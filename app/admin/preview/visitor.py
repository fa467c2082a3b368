"""The visitor of a preview, made up against the draft."""

from collections.abc import Mapping

from app.admin.counters import made_up_counters
from app.admin.preview.schemas import MadeUpProfile, Preview
from app.engine.arms import GENERIC, HOLDOUT, PERSONALIZED
from app.engine.counters import DAY_MS
from app.engine.places import Place
from app.engine.problems import did_you_mean, shown
from app.engine.profile import ArmHeld, Profile
from app.engine.ruleset import Ruleset
from app.engine.stages import CompiledJourney


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
    known = {HOLDOUT: {GENERIC, PERSONALIZED}, **{key: {*e.arms} for key, e in ruleset.experiments.items()}}
    _refuse_unknown("experiment", said, known, place)
    return {key: ArmHeld(arm, 1, now_ms) for key, arm in said.items()}


def forced_stages(said: Preview, ruleset: Ruleset, place: Place) -> dict[str, str]:
    """Name the stage of each journey of which one is said; what the draft does not know is refused."""
    known = {
        journey.key: {journey.first, *(stage.key for stage in journey.stages)}
        for journey in ruleset.order
        if isinstance(journey, CompiledJourney)
    }
    _refuse_unknown("journey", said.stages, known, place.at("stages"))
    if said.stage is None:
        return said.stages
    primary = ruleset.primary_journey
    if primary is None:
        place.at("stage").refuse("needs a journey, of which there is none")
        return said.stages
    if said.stage not in known[primary]:
        place.at("stage").refuse(_unknown(said.stage, known[primary]))
    return {**said.stages, primary: said.stage}


def _refuse_unknown(what: str, said: Mapping[str, str], known: Mapping[str, set[str]], place: Place) -> None:
    for key, value in said.items():
        if key not in known:
            place.at(key).refuse(f"there is no {what} {shown(key)}")
        elif value not in known[key]:
            place.at(key).refuse(_unknown(value, known[key]))


def _unknown(value: str, known: set[str]) -> str:
    return f"there is no {shown(value)}; {did_you_mean(value, sorted(known))}"
