"""From rows to rulesets: what changed is compiled, what did not is kept."""

import logging

import asyncpg
import msgspec

from app.engine.compile import compile_ruleset, parse_document
from app.engine.problems import Problems
from app.engine.ruleset import Ruleset
from app.rulesets.live import LiveRulesets, LiveSite

_log = logging.getLogger(__name__)

_SITES = """
    SELECT id, key, identity_secret,
           (SELECT max(number) FROM revisions WHERE revisions.site_id = sites.id) AS revision
    FROM sites
"""
_DOCUMENT = "SELECT document FROM revisions WHERE site_id = $1 AND number = $2"


class RulesetLoader:
    """Brings the live rulesets up to what PostgreSQL holds."""

    def __init__(self, pool: asyncpg.Pool, live: LiveRulesets) -> None:
        self._pool = pool
        self._live = live
        # Revisions that do not compile here, so that each is tried, and complained about, once.
        self._broken: set[tuple[int, int]] = set()

    async def load(self) -> None:
        """Put the latest revision of every site in force; raises asyncpg's errors and OSError."""
        known = self._live.all()
        sites = {}
        for row in await self._pool.fetch(_SITES):
            before = known.get(row["id"])
            ruleset = before.ruleset if before is not None else None
            if self._is_news(row, ruleset):
                ruleset = await self._compile(row["id"], row["revision"]) or ruleset
            sites[row["id"]] = LiveSite(row["id"], row["key"], row["identity_secret"], ruleset)
        self._live.replace(sites)

    def _is_news(self, row: asyncpg.Record, ruleset: Ruleset | None) -> bool:
        if row["revision"] is None or (row["id"], row["revision"]) in self._broken:
            return False
        return ruleset is None or ruleset.revision != row["revision"]

    async def _compile(self, site: int, revision: int) -> Ruleset | None:
        document = msgspec.json.decode(await self._pool.fetchval(_DOCUMENT, site, revision))
        try:
            return compile_ruleset(parse_document(document), revision)
        except Problems:
            # It compiled when it was published, so this is another version of the program: the site goes on
            # with what it has, and somebody must look.
            self._broken.add((site, revision))
            _log.exception(
                "revision %s of site %s does not compile; the one before stays in force", revision, site
            )
            return None
