"""What is said while the profile store is away, and what is done then: whoever of the workers heard it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import pytest
import pytest_asyncio

from app.decision.observe import Observe, Observed
from app.decision.page_load import PageLoad
from app.engine.records import Event, Record
from app.journal.append import FileJournal
from app.journal.ship import Shipper
from app.journal.streams import Segment
from app.kit.clock import instant_of
from app.storage.postgres import Postgres
from tests.fakes import AwayPool, FakeProfiles, FakeRulesets, decide_over
from tests.integration.shipped import Shipped, shipping
from tests.integration.unheard import DENIED, GRANTED, RULES, kept, stored, unheard
from tests.sites import SiteFactory
from tests.unit.journal.journalled import segments


@pytest_asyncio.fixture
async def shipped(postgres: Postgres, new_site: SiteFactory, tmp_path: Path) -> AsyncIterator[Shipped]:
    with shipping(postgres.pool, (await new_site()).site_id, tmp_path, RULES) as made:
        yield made


def damage_the_beginning(segment: Path) -> None:
    segment.write_bytes(b"\0\0\0\7" + bytes(40) + segment.read_bytes())


@pytest.fixture
def other_worker(shipped: Shipped) -> Iterator[FileJournal]:
    """A stream beside that of the site, which is shipped after it."""
    journal = FileJournal(shipped.folder)
    yield journal
    journal.close()


async def test_what_another_worker_was_told_counts_though_it_is_shipped_later(
    shipped: Shipped, other_worker: FileJournal
) -> None:
    merge, denied = shipped.merged("tablet", "$user:u-1", 2), shipped.said("tablet", 1, **DENIED)
    before, after = (unheard(shipped.did("$user:u-1", "v", minute)) for minute in (1.5, 3))
    await other_worker.append([merge, denied])
    await shipped.ship(before, after)

    assert await kept(shipped) == [before.id]


async def test_it_counts_across_the_batches_of_a_stream(
    shipped: Shipped, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.journal.ship.BATCH_RECORDS", 1)
    event = unheard(shipped.did("v-1", "v", 2))
    await shipped.ship(event, shipped.did("v-2", "v", 2), shipped.said("v-1", 1, **DENIED))

    assert await kept(shipped) == ["e-00001"]


async def test_each_turn_hears_what_was_said_since(shipped: Shipped, other_worker: FileJournal) -> None:
    await shipped.ship(first := unheard(shipped.did("v-1", "v", 1)))
    await other_worker.append([shipped.said("v-1", 2, **DENIED)])
    await shipped.ship(unheard(shipped.did("v-1", "v", 3)))

    assert await kept(shipped) == [first.id]


async def test_what_is_damaged_keeps_nobody_from_being_heard(
    shipped: Shipped, other_worker: FileJournal
) -> None:
    await other_worker.append([shipped.did("v-2", "v", 1)])
    damage_the_beginning(segments(shipped.folder)[-1])
    await other_worker.append([shipped.said("v-1", 1, **DENIED)])
    await shipped.ship(unheard(shipped.did("v-1", "v", 2)))

    assert await kept(shipped) == ["e-00000"]


class CutOff:
    """A pool, and a connection of it that was lost without a word."""

    @asynccontextmanager
    async def acquire(self, **_: object) -> AsyncIterator[Self]:
        yield self

    async def execute(self, *_: object) -> None:
        raise ConnectionResetError

    def terminate(self) -> None: ...


@pytest.mark.parametrize("pool", [AwayPool(), CutOff()])
async def test_what_waits_is_not_read_ahead_for_a_postgresql_that_is_away(
    shipped: Shipped, monkeypatch: pytest.MonkeyPatch, pool: Any
) -> None:
    read: list[Segment] = []

    def said_in(segment: Segment, _offset: int) -> list[Record]:
        read.append(segment)
        return []

    monkeypatch.setattr("app.journal.ship.said_in", said_in)
    await shipped.journal.append([unheard(shipped.did("v-1", "v", 1))])

    with pytest.raises(ConnectionError):
        await Shipper(shipped.folder, pool, shipped.durable).ship_once()
    assert read == []

    await shipped.ship()
    assert len(read) == 1


class Away:
    """A site whose profile store is away, over a journal that is shipped."""

    def __init__(self, shipped: Shipped) -> None:
        profiles, rulesets = FakeProfiles(), FakeRulesets({shipped.site: RULES})
        profiles.away = True
        self.shipped = shipped
        self.observe = Observe(profiles, shipped.journal, rulesets).observe
        self._decide = decide_over(profiles, shipped.journal, rulesets)

    async def decide(self, *events: Event, **asked: Any) -> None:
        page = PageLoad(
            site=self.shipped.site,
            placements=["home.hero"],
            context={},
            events=events,
            **asked,
        )
        await self._decide.decide(page, instant_of(events[0].received_ms))


async def test_from_the_edge_to_postgresql_a_denial_holds_while_profiles_are_away(shipped: Shipped) -> None:
    away = Away(shipped)
    await shipped.ship(shipped.said("denies", 1, **DENIED), shipped.said("no-tests", 1, analytics=False))
    who = ("denies", "no-tests", "silent", "denies")
    did = [shipped.did(visitor, "v", minute) for minute, visitor in enumerate(who, start=2)]
    assert await away.observe(did[:1], {}) == Observed(1, 0, 0)
    await away.decide(did[1], visitor="no-tests")
    await away.decide(did[2], visitor="silent")
    await away.observe(did[3:], GRANTED)

    await shipped.ship()

    assert await stored(shipped) == [
        (did[1].id, True, False),
        (did[2].id, False, False),
        (did[3].id, False, False),
    ]


async def test_what_is_said_while_profiles_are_away_counts_from_then_on(shipped: Shipped) -> None:
    away = Away(shipped)
    first, second, third = (shipped.did("v-1", "v", minute) for minute in (1, 2, 3))
    await away.observe([first], {})
    await away.decide(second, visitor="v-1", consent={"analytics": False})
    await away.observe([third], {})

    await shipped.ship()

    assert [tuple(row) for _, *row in await stored(shipped)] == [(False, False), (True, False), (True, False)]
