"""Looking at the draft before it is published, while nobody is kept waiting for it."""

from typing import Annotated

import msgspec
from fastapi import Depends
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.draft import let_go, load_draft
from app.admin.findings import Lint, Linter, Linting, not_checked
from app.engine.problems import Problems
from app.kit.clock import now

WITHIN_S = 2.0

# Versions begin anew where a resource is removed and added again, but not at the same instant.
_STATE = text("""
    SELECT md5(coalesce(string_agg(concat_ws(' ', kind, key, position, version, updated_at), ','
        ORDER BY kind, position, key), ''))
    FROM drafts WHERE site_id = :site
""")


class DraftSeen(msgspec.Struct, frozen=True):
    """What was found in a draft, and the state that it was in."""

    lint: Lint
    state: str

    async def still(self, connection: AsyncConnection, site: int) -> Lint:
        """Answer what was found where the draft is still the same, else that nothing was checked."""
        return self.lint if await _state_of(connection, site) == self.state else not_checked()


class DraftLint:
    """Looks at drafts that are about to be published."""

    def __init__(self, linter: Linting) -> None:
        self._linter: Linter = linter

    async def look(self, connection: AsyncConnection, site: int) -> DraftSeen:
        """Look at a draft that others may still change; one that is not sound is not checked."""
        state = await _state_of(connection, site)
        draft = await load_draft(connection, site)
        try:
            return DraftSeen(await self._linter.lint(draft.document, now(), within_s=WITHIN_S), state)
        except Problems:
            return DraftSeen(not_checked(), state)
        finally:
            await let_go(draft.document)


Looking = Annotated[DraftLint, Depends(DraftLint)]


async def _state_of(connection: AsyncConnection, site: int) -> str:
    state: str = (await connection.execute(_STATE, {"site": site})).scalar_one()
    return state
