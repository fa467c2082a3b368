"""Visitors whose decisions were logged, made up by lot."""

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from app.decision.inputs import Basis, encode_basis
from app.engine.profile import ArmHeld, Counter, Profile, StageHeld
from app.engine.ruleset import Ruleset
from app.engine.visitor import Standing
from app.kit.clock import instant_of, ms_of
from app.kit.ids import id_at
from app.storage.postgres import Postgres
from tests.naive_replay import Row

COUNTRIES = ("DE", "FR", "GB", None)
PLACEMENTS = ("home.hero", "home.side", "list.top")


def some_basis(draw: random.Random, visitor: str, at: datetime, rules: Ruleset) -> Basis:
    """Make up what a decision was taken on."""
    consent = frozenset(p for p in ("personalization", "analytics") if draw.random() < 0.95)
    may_log = "analytics" in consent and draw.random() < 0.9
    return Basis(
        standing=Standing(visitor, None, may_log, may_log and draw.random() < 0.9, consent),
        profile=_some_profile(draw, ms_of(at), rules) if "personalization" in consent else Profile(),
        context={"country": draw.choice(COUNTRIES), "timezone": draw.choice(("Asia/Tokyo", "Europe/London"))},
        placements=tuple(draw.sample(PLACEMENTS, draw.randint(1, 3))),
        refused=frozenset({"capped"} if draw.random() < 0.3 else ()),
        now=at,
    )


def _some_profile(draw: random.Random, now_ms: int, rules: Ruleset) -> Profile:
    if draw.random() < 0.2:
        return Profile()
    viewed = draw.randint(1, 6)
    arms = {"hero-copy": ArmHeld(draw.choice(("control", "treatment", "gone")), 1, now_ms - 9)}
    return Profile(
        first_ms=now_ms - 1_000_000,
        last_event_ms=now_ms - draw.randint(0, 40) * 86_400_000,
        traits={"vip": draw.random() < 0.4, "score": draw.randint(0, 100)},
        counters={
            "viewed": Counter(count=viewed, first_ms=1, last_ms=now_ms, asked=rules.needs["viewed"].signature)
        },
        stages={"purchase": StageHeld(draw.choice(("new", "known")), now_ms - 500)},
        arms=arms if draw.random() < 0.5 else {},
        caps={"capped": [now_ms - 10]} if draw.random() < 0.3 else {},
        events=viewed,
        asked=rules.asked if draw.random() < 0.9 else "another",
    )


def some_rows(seed: int, visitors: int, end: datetime, rules: Ruleset) -> list[Row]:
    """Make up decisions, of some visitors several and some at the very same instant."""
    draw, rows = random.Random(seed), []  # noqa: S311 - making up visitors is not cryptography
    for number in range(visitors):
        for _ in range(draw.choice((1, 1, 2, 4))):
            at = end - timedelta(milliseconds=draw.randint(0, visitors * 2))
            basis = some_basis(draw, f"v-{number}", at, rules)
            stored_at = instant_of(ms_of(at))
            rows.append(Row(stored_at, uuid.UUID(id_at(at)), f"v-{number}", encode_basis(basis)))
    return rows


async def keep(postgres: Postgres, site: int, rows: Sequence[Row]) -> None:
    """Store decisions as shipping does."""
    listed: list[Any] = [(site, row.id, row.visitor, 1, row.asked, row.at) for row in rows]
    columns = ("site_id", "id", "visitor", "revision", "asked", "at")
    await postgres.pool.copy_records_to_table("decisions", records=listed, columns=columns)
