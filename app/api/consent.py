"""Which purposes a visitor has granted."""

from app.api.wire import ConsentBody
from app.decision.page_load import ANALYTICS, PERSONALIZATION
from app.engine.model import ConsentDefaults
from app.rulesets.live import LiveSite

_UNPUBLISHED = ConsentDefaults()


def granted(said: ConsentBody, site: LiveSite) -> frozenset[str]:
    """Name the purposes granted: what the request says, else the site's default."""
    defaults = site.ruleset.site.consent if site.ruleset is not None else _UNPUBLISHED
    return frozenset(
        purpose
        for purpose, answer, default in (
            (PERSONALIZATION, said.personalization, defaults.personalization),
            (ANALYTICS, said.analytics, defaults.analytics),
        )
        if (default == "granted" if answer is None else answer)
    )
