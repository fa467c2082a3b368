"""`POST /decide` for a tester who came by a preview link; nothing of it is logged."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import Any, NamedTuple

from app.api.page import instant_asked, keep_back, page_load, with_events
from app.api.parts import Parts
from app.api.request import Request
from app.api.wire import DecideBody
from app.decision.decide import Decided
from app.decision.explain import Traces, traces_of, traces_of_preview
from app.decision.page_load import PageLoad
from app.engine.forced import NOTHING_FORCED, Forced
from app.engine.forcing import fitting
from app.engine.problems import Problems
from app.engine.ruleset import Ruleset
from app.rulesets.live import LiveSite
from app.rulesets.previewed import NoSuchRevision, PreviewsUnavailable
from app.web.answer import answer_of, explained
from app.web.keyring import Caller
from app.web.preview_token import read_token


class _Shown(NamedTuple):
    """What a link that holds shows. `fits` says whether its ruleset still knows all that is forced."""

    ruleset: Ruleset
    forced: Forced
    fits: bool
    at: datetime | None


class Previewing:
    """One request with a token. Whatever is wrong with the token, the page gets a decision."""

    def __init__(self, request: Request, parts: Parts, caller: Caller, site: LiveSite) -> None:
        self._request = request
        self._parts = parts
        self._caller = caller
        self._site = site

    async def answer(self, body: DecideBody, token: str, now: datetime) -> dict[str, Any]:
        """Decide as the link says or, where it does not hold, as ever; raises what `/decide` raises."""
        instant = asked_at = instant_asked(body, self._caller, now)
        shown = await self._shown(token, now)
        if shown is not None and shown.at is not None:
            instant = shown.at
        page = page_load(body, self._request, self._parts, self._caller, self._site, now)
        if body.events:
            # They are as old as they are, whenever it is decided.
            page = with_events(page, body, self._caller, instant, asked_at)
        decided = await self._decided(page, shown, instant)
        answer = answer_of(decided.decision_id, body.visitor.id, decided.decision)
        if shown is not None and shown.ruleset.revision == 0:
            answer["revision"] = None
        ruleset = self._site.ruleset if shown is None else shown.ruleset
        if self._caller.kind == "public":
            keep_back(answer["visitor"], ruleset)
        elif body.explain:
            answer |= explained(decided.decision, await _traces(decided, ruleset, shown))
        unfit = ("preview",) if shown is not None and not shown.fits else ()
        unproven = ("identity",) if body.visitor.user_id is not None and page.user is None else ()
        return {**answer, "degraded": [*unfit, *decided.degraded, *unproven]}

    async def _shown(self, token: str, now: datetime) -> _Shown | None:
        """Find what a link shows; None where it does not hold, or its draft is broken just now."""
        link = read_token(token, self._site.preview_secret, now)
        if link is None:
            return None
        # A request may be begun outside of any task, where nothing can be waited for with a time limit.
        await asyncio.sleep(0)
        try:
            ruleset = await self._parts.previewed.find(self._site.id, link.revision, link.forced)
        except (Problems, NoSuchRevision, PreviewsUnavailable):
            return None
        forced = fitting(link.forced, ruleset)
        return _Shown(ruleset, forced, forced == link.forced, link.at)

    def _decided(self, page: PageLoad, shown: _Shown | None, instant: datetime) -> Awaitable[Decided]:
        if shown is None:
            return self._parts.preview.decide_unlogged(page, self._site.ruleset, instant)
        return self._parts.preview.decide(page, shown.ruleset, shown.forced, instant)


def _traces(decided: Decided, ruleset: Ruleset | None, shown: _Shown | None) -> Awaitable[Traces]:
    if ruleset is None or shown is None or shown.forced == NOTHING_FORCED:
        return traces_of(decided.basis, ruleset)
    return traces_of_preview(decided.basis, ruleset, shown.forced)
