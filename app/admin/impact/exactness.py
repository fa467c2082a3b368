"""Whether a profile, as it was logged, holds all that a ruleset asks of events: pure."""

from collections.abc import Mapping

from app.engine.counters import EventNeeds
from app.engine.profile import Profile
from app.engine.ruleset import Ruleset


def answers(kept: Mapping[str, EventNeeds], asked: Mapping[str, EventNeeds]) -> bool:
    """Whether whatever is asked can be answered from counters that were kept for other needs."""
    return all(name in kept and _covers(kept[name], needs) for name, needs in asked.items())


def _covers(kept: EventNeeds, asked: EventNeeds) -> bool:
    return (
        kept.window_days >= asked.window_days
        and kept.sums >= asked.sums
        and kept.latest >= asked.latest
        and kept.since >= asked.since
    )


class Exactness:
    """Tells whether both of two rulesets can be asked of a profile."""

    def __init__(self, before: Ruleset, after: Ruleset) -> None:
        rulesets = (before, after)
        # A profile says by a signature for what it was kept; of others than these two nothing is known.
        self._asked = {
            kept.asked
            for kept in rulesets
            if kept.asked and all(answers(kept.needs, asking.needs) for asking in rulesets)
        }
        self._nothing_asked = not before.needs and not after.needs

    def holds_for(self, profile: Profile) -> bool:
        """Whether decisions on a profile are what they would be on all of its visitor's events."""
        return self._nothing_asked or not profile.events or profile.asked in self._asked
