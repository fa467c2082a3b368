"""What a visitor has agreed to: as said now, else as said last, else by the site's default."""

from collections.abc import Mapping

from app.decision.page_load import ANALYTICS, PERSONALIZATION
from app.engine.model import ConsentDefaults
from app.engine.profile import ConsentHeld
from app.engine.ruleset import Ruleset

_UNPUBLISHED = ConsentDefaults()


def granted(
    said: Mapping[str, bool], held: Mapping[str, ConsentHeld], ruleset: Ruleset | None
) -> frozenset[str]:
    """Name the purposes granted; `held` is what the profile remembers."""
    defaults = _UNPUBLISHED if ruleset is None else ruleset.site.consent
    by_default = {
        PERSONALIZATION: defaults.personalization == "granted",
        ANALYTICS: defaults.analytics == "granted",
    }
    before = {purpose: one.granted for purpose, one in held.items()}
    return frozenset(purpose for purpose, yes in {**by_default, **before, **said}.items() if yes)
