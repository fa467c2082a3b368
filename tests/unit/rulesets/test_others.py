"""Rulesets that are looked at without being in force."""

import asyncio
from copy import deepcopy
from typing import Any

import pytest

from app.engine.problems import Problems
from app.engine.ruleset import Ruleset
from app.rulesets.live import LiveRulesets, LiveSite
from app.rulesets.others import KEPT, OtherRulesets
from tests.builders import document, rule, ruleset


class Shelf:
    """Documents that count how often they are read."""

    def __init__(self, live: Ruleset | None = None, **fields: Any) -> None:
        rulesets = LiveRulesets()
        rulesets.replace({1: LiveSite(1, "shop", "", live)})
        self.others = OtherRulesets(rulesets)
        self.read = 0
        self._document = document(**fields)

    async def load(self) -> dict[str, Any]:
        self.read += 1
        await asyncio.sleep(0)
        return deepcopy(self._document)


async def test_a_revision_is_compiled_once() -> None:
    shelf = Shelf(rules=[rule("r")])

    first = await shelf.others.revision(1, 7, shelf.load)

    assert (first.revision, [one.key for one in first.rules]) == (7, ["r"])
    assert await shelf.others.revision(1, 7, shelf.load) is first
    assert shelf.read == 1


async def test_who_asks_while_a_revision_is_compiled_waits_for_it() -> None:
    shelf = Shelf()

    one, other = await asyncio.gather(*(shelf.others.revision(1, 7, shelf.load) for _ in range(2)))

    assert (one is other, shelf.read) == (True, 1)


async def test_the_revision_in_force_is_at_hand() -> None:
    live = ruleset()
    shelf = Shelf(live)

    assert await shelf.others.revision(1, live.revision, shelf.load) is live
    assert (await shelf.others.revision(1, 2, shelf.load)).revision == 2
    assert shelf.read == 1


async def test_sites_revisions_and_drafts_are_told_apart() -> None:
    shelf = Shelf()

    for site, number in ((1, 1), (2, 1), (1, 2)):
        assert (await shelf.others.revision(site, number, shelf.load)).revision == number
    assert (await shelf.others.draft(1, '"1"', shelf.load)).revision == 0
    assert shelf.read == 4


async def test_a_draft_is_compiled_anew_once_it_has_changed() -> None:
    shelf = Shelf()

    for etag in ('"a"', '"a"', '"b"'):
        await shelf.others.draft(1, etag, shelf.load)

    assert shelf.read == 2


async def test_only_those_asked_for_last_are_kept() -> None:
    shelf = Shelf()
    for number in (*range(1, KEPT + 1), 1, KEPT + 1):
        await shelf.others.revision(1, number, shelf.load)
    assert shelf.read == KEPT + 1

    await shelf.others.revision(1, 1, shelf.load)
    assert shelf.read == KEPT + 1
    await shelf.others.revision(1, 2, shelf.load)
    assert shelf.read == KEPT + 2


async def test_what_does_not_compile_is_said_each_time_and_holds_up_nobody() -> None:
    broken, sound = Shelf(rules=[rule("r", placements=["nowhere"])]), Shelf()

    for _ in range(2):
        with pytest.raises(Problems):
            await broken.others.revision(1, 7, broken.load)

    assert broken.read == 2
    assert (await broken.others.revision(1, 8, sound.load)).revision == 8
