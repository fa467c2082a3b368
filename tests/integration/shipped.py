"""A site whose records go the whole way: from a journal to PostgreSQL, and into durable profiles."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
from msgspec import Raw
from msgspec.structs import replace

from app.engine.profile import Profile
from app.engine.records import (
    Assignment,
    CapDelivery,
    ConsentSaid,
    Erase,
    Event,
    Inputs,
    Merge,
    Record,
    TraitsSet,
    Unmerge,
)
from app.engine.ruleset import Ruleset
from app.journal.append import FileJournal
from app.journal.ship import Shipper
from app.kit.clock import ms_of
from app.kit.ids import id_at, new_id
from app.profiles.durable import DurableProfiles
from app.profiles.together import ProfileKey
from tests.builders import assignment

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


class Shipped:
    """Records of one site, made at minutes after noon; `rules` is the revision in force."""

    def __init__(self, pool: asyncpg.Pool, site: int, folder: Path, rules: Ruleset | None) -> None:
        self.pool = pool
        self.site = site
        self.rules = rules
        self.folded: set[ProfileKey] = set()
        self.durable = DurableProfiles(pool, lambda _: self.rules, self.folded.update)
        self.journal = FileJournal(folder)
        self._shipper = Shipper(folder, pool, self.durable)
        self.folder = folder
        self._numbers = count()

    async def ship(self, *records: Record) -> None:
        """Carry records to PostgreSQL, as one batch."""
        await self.journal.append(records)
        await self._shipper.ship_once()

    def refused(self) -> str:
        """Read what PostgreSQL refused, line by line."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("refused/*.jsonl")))

    async def find(self, visitor: str) -> Profile:
        """Read a durable copy; a stranger's is empty."""
        return await self.durable.find(self.site, visitor) or Profile()

    def told(self, at: float, event: Event) -> Event:
        """An event that is told only some minutes after noon."""
        return replace(event, received_ms=self._ms(at))

    def did(self, visitor: str, name: str, minutes: float = 0, **properties: Any) -> Event:
        """Something a visitor did, and told at once."""
        at_ms = self._ms(minutes)
        return Event(self.site, visitor, f"e-{next(self._numbers):05}", name, properties, at_ms, at_ms)

    def taken(self, visitor: str, arm: str, minutes: float = 0, **fields: Any) -> Assignment:
        """An arm that a visitor was given."""
        plain = {"site": self.site, "visitor": visitor, "decision_id": new_id(), "stages": {"purchase": "a"}}
        return assignment("hero-copy", arm, NOON + timedelta(minutes=minutes), **{**plain, **fields})

    def delivered(self, visitor: str, minutes: float) -> CapDelivery:
        """A capped rule was shown."""
        return CapDelivery(*self._change(visitor, minutes), "free-shipping", new_id(), self._ms(minutes))

    def said(self, visitor: str, minutes: float, **said: bool) -> ConsentSaid:
        """A visitor spoke of consent."""
        return ConsentSaid(*self._change(visitor, minutes), said, self._ms(minutes))

    def set(self, visitor: str, minutes: float, **traits: Any) -> TraitsSet:
        """Traits were set."""
        return TraitsSet(*self._change(visitor, minutes), traits, self._ms(minutes))

    def merged(self, device: str, into: str, minutes: float) -> Merge:
        """A user was seen on a device."""
        return Merge(*self._change(device, minutes), into, self._ms(minutes))

    def unmerged(self, device: str, into: str, minutes: float) -> Unmerge:
        """That is undone."""
        return Unmerge(*self._change(device, minutes), into, self._ms(minutes))

    def erased(self, visitor: str, minutes: float) -> Erase:
        """A visitor is to be gone."""
        return Erase(*self._change(visitor, minutes), self._ms(minutes))

    def decided(self, visitor: str, minutes: float) -> Inputs:
        """What a decision was taken on."""
        return Inputs(self.site, visitor, new_id(), 1, Raw(b"{}"), self._ms(minutes))

    def _change(self, visitor: str, minutes: float) -> tuple[int, str, str]:
        return self.site, visitor, id_at(NOON + timedelta(minutes=minutes))

    def _ms(self, minutes: float) -> int:
        return ms_of(NOON + timedelta(minutes=minutes))


@contextmanager
def shipping(pool: asyncpg.Pool, site: int, folder: Path, rules: Ruleset | None) -> Iterator[Shipped]:
    """Open the way, and close its journal."""
    shipped = Shipped(pool, site, folder, rules)
    try:
        yield shipped
    finally:
        shipped.journal.close()
