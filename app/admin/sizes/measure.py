"""Stored profiles, seen by the ruleset in force at one instant, in no request."""

from collections.abc import Sequence

import asyncpg
import msgspec

from app.admin.runs.claims import Claim, Progress
from app.admin.runs.compiled import Compiled, compile_revision
from app.admin.sizes.context_bound import bound_to_context
from app.admin.sizes.counts import Counts
from app.admin.sizes.learning import needs_by_segment
from app.admin.sizes.measured import JourneyCount, Measured, SegmentCount, StageCount
from app.engine.visitor import Standing
from app.kit import clock
from app.kit.collector import no_full_collections
from app.profiles.codec import readable_profile
from app.storage.postgres import LONG_S, Postgres

BATCH = 250

_TOTAL = "SELECT count(*) FROM profiles WHERE site_id = $1"
# Those whose hashes are the smallest: as good as drawn by lot, exactly so many, and the same ones every time,
# so that what differs between two revisions is the revisions.
_DRAW = """
    SELECT visitor FROM profiles WHERE site_id = $1 ORDER BY hashtextextended(visitor, 0), visitor LIMIT $2
"""
_BODIES = "SELECT visitor, body FROM profiles WHERE site_id = $1 AND visitor = ANY ($2::text[])"


class Asked(msgspec.Struct, frozen=True):
    """What a run was asked, as it is stored with it."""

    revision: int
    sample: int


class _Seeing:
    """Sees one profile after the other."""

    def __init__(self, compiled: Compiled) -> None:
        self._ruleset = compiled.ruleset
        self._now = clock.now()
        self.counts = Counts(compiled.ruleset)
        self.sampled = 0
        self.approximate = 0

    def see(self, visitor: str, body: bytes) -> None:
        """Count a profile, unless it is nobody's any more."""
        self.sampled += 1
        profile = readable_profile(body)
        # What a user has taken over counts as that user.
        if profile is None or profile.owner is not None:
            return
        self.approximate += not self._ruleset.has_counted(profile)
        seen = self._ruleset.see(profile, {}, Standing(visitor=visitor), self._now)
        self.counts.add(seen.segments, seen.stages)

    def measured(self, compiled: Compiled, profiles: int) -> Measured:
        """Tell what all of them come to."""
        document, counts = compiled.document, self.counts
        bound, needs = bound_to_context(document), needs_by_segment(document)
        overlapped, shared = counts.shared()
        return Measured(
            as_of=self._now,
            revision=self._ruleset.revision,
            profiles=max(profiles, self.sampled),
            sampled=self.sampled,
            visitors=counts.visitors,
            approximate=self.approximate,
            segments=[
                SegmentCount(key, counts.in_segment(key), ("segments", key) in bound, needs[key])
                for key in (segment.key for segment in document.segments)
            ],
            journeys=[
                JourneyCount(
                    journey.key,
                    ("journeys", journey.key) in bound,
                    [StageCount(s.key, counts.in_stage(journey.key, s.key)) for s in journey.stages],
                )
                for journey in document.journeys
            ],
            overlapped=overlapped,
            shared=shared,
        )


async def measure_sizes(postgres: Postgres, claim: Claim, progress: Progress) -> bytes:
    """Count segments and stages over a sample of a site's profiles; raises RunFailed."""
    asked = msgspec.convert(claim.asked, Asked)
    with no_full_collections():
        compiled = await compile_revision(postgres.pool, claim.site, asked.revision)
    total = await postgres.pool.fetchval(_TOTAL, claim.site, timeout=LONG_S)
    rows = await postgres.pool.fetch(_DRAW, claim.site, asked.sample, timeout=LONG_S)
    drawn = [row["visitor"] for row in rows]
    seeing = _Seeing(compiled)
    for start in range(0, len(drawn), BATCH):
        for row in await _bodies(postgres.pool, claim.site, drawn[start : start + BATCH]):
            seeing.see(row["visitor"], row["body"])
        progress.share = start / len(drawn)
    return msgspec.json.encode(seeing.measured(compiled, total))


async def _bodies(pool: asyncpg.Pool, site: int, visitors: Sequence[str]) -> list[asyncpg.Record]:
    return await pool.fetch(_BODIES, site, visitors)
