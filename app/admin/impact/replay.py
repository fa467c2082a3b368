"""Logged visitors decided on twice: by what is in force, and by what shall be."""

from typing import NamedTuple

import msgspec

from app.admin.draft import load_draft
from app.admin.impact.exactness import Exactness
from app.admin.impact.logged import LoggedVisitors
from app.admin.impact.report import Impact
from app.admin.impact.tally import Tally
from app.admin.runs.claims import Claim, Progress
from app.admin.runs.compiled import compile_revision, compiled, latest_revision
from app.decision.inputs import Basis
from app.engine.decision import Decision
from app.engine.evaluate import evaluate
from app.engine.ruleset import Ruleset
from app.kit import clock
from app.kit.collector import no_full_collections
from app.storage.postgres import Postgres


class Asked(msgspec.Struct, frozen=True):
    """What a run was asked, as it is stored with it."""

    visitors: int
    against: int | str
    candidate: int | str
    placements: list[str]


class _Candidate(NamedTuple):
    ruleset: Ruleset
    etag: str | None


async def replay_logged(postgres: Postgres, claim: Claim, progress: Progress) -> bytes:
    """Replay the last logged visitors through both rulesets.

    Raises:
        RunFailed: one of the two is not there, or does not compile.

    """
    asked = msgspec.convert(claim.asked, Asked)
    until = clock.now()
    number = asked.against
    if isinstance(number, str):
        number = await latest_revision(postgres.pool, claim.site)
    with no_full_collections():
        before = (await compile_revision(postgres.pool, claim.site, number)).ruleset
        after = await _candidate(postgres, claim.site, asked.candidate)
    logged = LoggedVisitors(
        postgres.pool, claim.site, visitors=asked.visitors, until=until, placements=asked.placements
    )
    exactness, tally, approximate = Exactness(before, after.ruleset), Tally(), 0
    async for batch in logged.batches():
        for one in batch:
            approximate += not exactness.holds_for(one.basis.profile)
            tally.add(one.decision_id, decided(before, one.basis), decided(after.ruleset, one.basis))
        progress.share = min(logged.share, 1.0)
    impact = Impact(
        as_of=until,
        against=number,
        candidate=asked.candidate if isinstance(asked.candidate, int) else None,
        draft_etag=after.etag,
        decisions=logged.decisions,
        unreadable=logged.unreadable,
        approximate=approximate,
        since=logged.since,
        total=tally.total(),
    )
    return msgspec.json.encode(impact)


def decided(ruleset: Ruleset, basis: Basis) -> Decision:
    """Decide as a page load would have been decided on by another ruleset."""
    return evaluate(ruleset, basis.seen_by(ruleset), basis.placements, refused=basis.refused)


async def _candidate(postgres: Postgres, site: int, candidate: int | str) -> _Candidate:
    if isinstance(candidate, int):
        return _Candidate((await compile_revision(postgres.pool, site, candidate)).ruleset, None)
    async with postgres.engine.connect() as connection:
        draft = await load_draft(connection, site)
    # Compiling empties the document that the ETag is made of.
    etag = draft.etag
    return _Candidate((await compiled(draft.document, 0, "the draft")).ruleset, etag)
