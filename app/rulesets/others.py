"""Rulesets besides those in force: older revisions, and drafts."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeAlias

from app.engine.ruleset import Ruleset
from app.kit.slices import in_slices
from app.rulesets.building import building
from app.rulesets.live import LiveRulesets

KEPT = 4

Load: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
"""Reads the document of a ruleset, to be kept by nobody else: compiling empties it."""


class OtherRulesets:
    """Compiles what somebody looks at, one at a time, and keeps the few that were asked for last."""

    def __init__(self, live: LiveRulesets) -> None:
        self._live = live
        self._kept: dict[Hashable, Ruleset] = {}
        self._compiling = asyncio.Lock()

    async def revision(self, site: int, number: int, load: Load) -> Ruleset:
        """Give a revision, be it in force or not; raises Problems where it no longer compiles."""
        live = self._live.ruleset_of(site)
        if live is not None and live.revision == number:
            return live
        return await self._compiled((site, number), number, load)

    async def draft(self, site: int, etag: str, load: Load) -> Ruleset:
        """Give a draft, as revision 0, in the state of an ETag; raises Problems where it does not compile."""
        return await self._compiled((site, etag), 0, load)

    async def _compiled(self, key: Hashable, number: int, load: Load) -> Ruleset:
        async with self._compiling:
            ruleset = self._kept.pop(key, None)
            if ruleset is None:
                ruleset = await in_slices(building(await load(), number))
            # What was used last stands last.
            self._kept[key] = ruleset
            if len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
            return ruleset
