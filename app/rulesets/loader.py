"""From rows to rulesets: what changed is compiled, what did not is kept."""

import logging
from typing import Any

import asyncpg

from app.engine.problems import Problems
from app.engine.ruleset import Ruleset
from app.kit.collector import no_full_collections
from app.kit.slices import in_slices
from app.kit.steps import letting_go
from app.rulesets.building import building
from app.rulesets.live import LiveRulesets, LiveSite
from app.storage.documents import load_document

_log = logging.getLogger(__name__)

_SITES = """
    SELECT id, key, identity_secret, preview_secret,
           (SELECT max(number) FROM revisions WHERE revisions.site_id = sites.id) AS revision
    FROM sites
"""


class RulesetLoader:
    """Brings the live rulesets up to what PostgreSQL holds."""

    def __init__(self, pool: asyncpg.Pool, live: LiveRulesets) -> None:
        self._pool = pool
        self._live = live
        # Revisions that do not compile here, so that each is tried, and complained about, once.
        self._broken: set[tuple[int, int]] = set()

    async def load(self) -> None:
        """Put the latest revision of every site in force; raises asyncpg's errors and OSError.

        What was in force stays so while another is compiled, and decisions go on meanwhile.
        """
        retired = await self._replace()
        await in_slices(letting_go(retired))

    async def _replace(self) -> list[Any]:
        """Give what is in force no more, for the caller to let go of little by little."""
        known = self._live.all()
        sites = {}
        retired: list[Any] = []
        for row in await self._pool.fetch(_SITES):
            before = known.get(row["id"])
            ruleset = before.ruleset if before is not None else None
            if self._is_news(row, ruleset):
                compiled = await self._compile(row["id"], row["revision"])
                if compiled is not None and ruleset is not None:
                    retired += [*ruleset.rules, *ruleset.index.questions]
                ruleset = compiled or ruleset
            told = row["id"], row["key"], row["identity_secret"]
            sites[row["id"]] = LiveSite(*told, ruleset, row["preview_secret"])
        self._live.replace(sites)
        return retired

    def _is_news(self, row: asyncpg.Record, ruleset: Ruleset | None) -> bool:
        if row["revision"] is None or (row["id"], row["revision"]) in self._broken:
            return False
        return ruleset is None or ruleset.revision != row["revision"]

    async def _compile(self, site: int, revision: int) -> Ruleset | None:
        try:
            with no_full_collections():
                async with self._pool.acquire() as connection, connection.transaction():
                    document = await load_document(connection, site, revision)
                return await in_slices(building(document, revision))
        except Problems:
            # It compiled when it was published, so this is another version of the program: the site goes on
            # with what it has, and somebody must look.
            self._broken.add((site, revision))
            _log.exception(
                "revision %s of site %s does not compile; the one before stays in force", revision, site
            )
            return None
