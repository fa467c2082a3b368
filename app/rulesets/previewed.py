"""The rulesets that preview links name: the draft as it stands, or a revision."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import asyncpg

from app.engine.forced import Forced
from app.engine.problems import Problems
from app.engine.ruleset import Ruleset
from app.rulesets.others import OtherRulesets
from app.storage.documents import Connection, load_document, load_draft_document, state_of_draft

# How long a page waits for what it asks of the database before it does without its preview.
WAIT_S = 5.0

_HAS_REVISION = "SELECT EXISTS (SELECT FROM revisions WHERE site_id = $1 AND number = $2)"
_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class NoSuchRevision(LookupError):  # noqa: N818 -- it says what there is not
    """The site has published no revision of this number."""


class PreviewsUnavailable(Exception):  # noqa: N818 -- as the other stores say it
    """The database cannot be asked just now."""


class PreviewedRulesets:
    """Finds rulesets in which every arm can be forced, compiled once for each state of a draft."""

    def __init__(self, pool: asyncpg.Pool, others: OtherRulesets, *, wait_s: float = WAIT_S) -> None:
        self._pool = pool
        self._wait_s = wait_s
        self._others = others
        # What did not compile the last time, by site: it is not tried again until it has changed.
        self._broken: dict[int, tuple[str, Problems]] = {}

    async def find(self, site: int, revision: int | None, forced: Forced) -> Ruleset:
        """Give a revision or, where that is None, the draft, as revision 0.

        Raises:
            Problems: it does not compile.
            NoSuchRevision: there is none of this number.
            PreviewsUnavailable: PostgreSQL is away.

        """
        live = self._others.live.ruleset_of(site)
        if live is not None and live.revision == revision and _can_force(live, forced):
            return live
        try:
            return await (self._draft(site) if revision is None else self._revision(site, revision))
        except _AWAY as error:
            raise PreviewsUnavailable(str(error) or type(error).__name__) from error

    async def _revision(self, site: int, number: int) -> Ruleset:
        return await self._others.previewed(site, number, number, partial(self._load_revision, site, number))

    async def _draft(self, site: int) -> Ruleset:
        async with self._transaction() as connection:
            state = await state_of_draft(connection, site)
        known, problems = self._broken.get(site, (None, None))
        if problems is not None and known == state:
            raise Problems(problems.problems)
        try:
            return await self._others.previewed(site, state, 0, partial(self._load_draft, site))
        except Problems as error:
            self._broken[site] = (state, error)
            raise

    async def _load_revision(self, site: int, number: int) -> dict[str, Any]:
        async with self._transaction() as connection:
            if not await connection.fetchval(_HAS_REVISION, site, number):
                raise NoSuchRevision(f"there is no revision {number}")
            return await load_document(connection, site, number)

    async def _load_draft(self, site: int) -> dict[str, Any]:
        async with self._transaction() as connection:
            return await load_draft_document(connection, site)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        async with (
            asyncio.timeout(self._wait_s),
            self._pool.acquire() as connection,
            connection.transaction(),
        ):
            yield connection


def _can_force(live: Ruleset, forced: Forced) -> bool:
    """Whether what is in force has the rules of all experiments whose arms are forced."""
    idle = (key for key, experiment in live.experiments.items() if not experiment.running)
    return forced.arms.keys().isdisjoint(idle)
