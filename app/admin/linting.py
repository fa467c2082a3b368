"""Looking at the draft before it is published, while nobody is kept waiting for it."""

from typing import Annotated, Any

import msgspec
from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.draft import let_go, load_draft
from app.admin.findings import Lint, Linter, Linting, not_checked
from app.engine.problems import Problems
from app.kit.clock import now
from app.storage.documents import state_of_draft

WITHIN_S = 2.0


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
    driver: Any = (await connection.get_raw_connection()).driver_connection
    return await state_of_draft(driver, site)
