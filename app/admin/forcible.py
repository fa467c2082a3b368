"""What is forced in a preview, checked against the ruleset that shall know it."""

from collections.abc import Collection, Mapping

from app.engine.forcing import Forcible
from app.engine.places import Place
from app.engine.problems import did_you_mean, shown
from app.engine.ruleset import Ruleset


def forced_stages(
    stage: str | None, stages: Mapping[str, str], ruleset: Ruleset, place: Place
) -> dict[str, str]:
    """Name the stage of each journey that has one forced, `stage` for the primary one; refuse others."""
    known, forced = Forcible.of(ruleset).stages, dict(stages)
    refuse_unknown("journey", stages, known, place.at("stages"))
    if stage is None:
        return forced
    primary = ruleset.primary_journey
    if primary is None:
        place.at("stage").refuse("needs a journey, of which there is none")
        return forced
    if stage not in known[primary]:
        place.at("stage").refuse(_unknown("", stage, known[primary]))
    return {**forced, primary: stage}


def refuse_unknown(
    what: str, said: Mapping[str, str], known: Mapping[str, Collection[str]], place: Place
) -> None:
    """Refuse, at its place, each key that is not known, and each value that is not known of its key."""
    for key, value in said.items():
        if key not in known:
            place.at(key).refuse(_unknown(f"{what} ", key, known))
        elif value not in known[key]:
            place.at(key).refuse(_unknown("", value, known[key]))


def refuse_unknown_segments(said: Collection[str], known: Collection[str], place: Place) -> None:
    """Refuse, at its place in a list, each segment that is not known."""
    for position, segment in enumerate(said):
        if segment not in known:
            place.at(position).refuse(_unknown("segment ", segment, known))


def _unknown(what: str, word: str, known: Collection[str]) -> str:
    told = f"there is no {what}{shown(word)}"
    return f"{told}; {did_you_mean(word, sorted(known))}" if known else told
