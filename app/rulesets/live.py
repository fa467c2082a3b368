"""The rulesets in force: read by every decision, replaced whole when somebody publishes."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from app.engine.ruleset import Ruleset


class LiveSite(msgspec.Struct, frozen=True):
    """A site as decisions need it; `ruleset` is None until something was published.

    Without a `preview_secret` no preview link holds.
    """

    id: int
    key: str
    identity_secret: str
    ruleset: Ruleset | None
    preview_secret: str | None = None

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may ask; none before the first revision."""
        return self.ruleset.site.origins if self.ruleset is not None else ()


class LiveRulesets:
    """Every site in force. A decision takes its site once and so never mixes two revisions."""

    def __init__(self) -> None:
        self._sites: Mapping[int, LiveSite] = MappingProxyType({})

    def find(self, site: int) -> LiveSite | None:
        """Find a site by its number; None for one that is not known here (yet)."""
        return self._sites.get(site)

    def ruleset_of(self, site: int) -> Ruleset | None:
        """Find a site's ruleset; None where nothing is published."""
        live = self._sites.get(site)
        return live.ruleset if live is not None else None

    def lists_origin(self, origin: str) -> bool:
        """Whether any site lets pages of this origin ask: all that a preflight without a key can tell."""
        return any(origin in live.origins or "*" in live.origins for live in self._sites.values())

    def replace(self, sites: Mapping[int, LiveSite]) -> None:
        """Put another set of sites in force, all at once."""
        self._sites = sites

    def all(self) -> Mapping[int, LiveSite]:
        """List the sites in force."""
        return self._sites
