"""Rulesets besides those in force: older revisions, and drafts."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeAlias

from app.engine.ruleset import Ruleset
from app.kit.slices import in_slices
from app.rulesets.building import building
from app.rulesets.live import LiveRulesets

KEPT = 8

Load: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
"""Reads the document of a ruleset, to be kept by nobody else: compiling empties it."""


class OtherRulesets:
    """Compiles what somebody looks at, one at a time, and keeps the few that were asked for last."""

    def __init__(self, live: LiveRulesets) -> None:
        self.live = live
        self._kept: dict[Hashable, Ruleset] = {}
        self._compiling = asyncio.Lock()

    async def revision(self, site: int, number: int, load: Load) -> Ruleset:
        """Give a revision, be it in force or not; raises Problems where it no longer compiles."""
        live = self.live.ruleset_of(site)
        if live is not None and live.revision == number:
            return live
        return await self._compiled((site, number), number, load)

    async def draft(self, site: int, etag: str, load: Load) -> Ruleset:
        """Give a draft, as revision 0, in the state of an ETag; raises Problems where it does not compile."""
        return await self._compiled((site, etag), 0, load)

    async def previewed(self, site: int, state: Hashable, number: int, load: Load) -> Ruleset:
        """Give what a preview link names, in which every arm can be forced; raises Problems.

        `state` is that of a draft, whose number is 0, or the number of a revision.
        """
        return await self._compiled((site, "previewed", state), number, load, idle=True)

    async def _compiled(self, key: Hashable, number: int, load: Load, *, idle: bool = False) -> Ruleset:
        # Nobody waits for what somebody else compiles, where this is at hand.
        if key not in self._kept:
            async with self._compiling:
                if key not in self._kept:
                    self._keep(key, await in_slices(building(await load(), number, idle=idle)))
        # What was used last stands last.
        ruleset = self._kept[key] = self._kept.pop(key)
        return ruleset

    def _keep(self, key: Hashable, ruleset: Ruleset) -> None:
        self._kept[key] = ruleset
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
