"""Asking what a draft would change, and telling it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.audit import Entry, write_audit
from app.admin.impact import repository
from app.admin.impact.report import Example, Impact
from app.admin.impact.schemas import DRAFT, IMPACT, PUBLISHED, Question
from app.admin.runs.queue import cancel_run, get_run, queue_run
from app.engine.model import Document
from app.engine.named import Names
from app.engine.problems import Problem
from app.web.keyring import Caller
from app.web.problems import ConflictError, WrongContentError

_decoder = msgspec.json.Decoder(Impact)


async def ask(connection: AsyncConnection, caller: Caller, question: Question) -> UUID:
    """Queue a run.

    Raises:
        ConflictError: nothing is published, so that nobody has seen anything yet.
        WrongContentError: there is no such revision, or no such placement on either side.

    """
    latest = await repository.find_latest_number(connection, caller.site)
    if latest is None:
        raise ConflictError("nothing is published yet: there is nothing that could change")
    wrong = [
        *_wrong_revisions(question, latest),
        *await _wrong_placements(connection, caller, question, latest),
    ]
    if wrong:
        raise WrongContentError(wrong)
    asked = question.model_dump()
    run = await queue_run(connection, caller.site, IMPACT, asked)
    await write_audit(connection, caller, [Entry("queued", f"{IMPACT}/{run}", after=asked)])
    return run


def _wrong_revisions(question: Question, latest: int) -> Iterator[Problem]:
    for field, number in (("against", question.against), ("candidate", question.candidate)):
        if isinstance(number, int) and number > latest:
            yield Problem(f"/{field}", f"there is no revision {number}; the latest is {latest}")


async def _wrong_placements(
    connection: AsyncConnection, caller: Caller, question: Question, latest: int
) -> list[Problem]:
    if not question.placements:
        return []
    sides = (latest if question.against == PUBLISHED else question.against, question.candidate)
    numbers = [number for number in sides if isinstance(number, int)]
    with_draft = question.candidate == DRAFT
    known = await repository.list_placements(connection, caller.site, numbers, with_draft=with_draft)
    names = Names(Document())
    listed = enumerate(question.placements)
    return [
        wrong for i, key in listed for wrong in names.missing(f"/placements/{i}", "placement", key, known)
    ]


async def tell(connection: AsyncConnection, caller: Caller, run: UUID) -> dict[str, Any]:
    """Tell how far a run is, and its result once there is one; raises NotFoundError."""
    found = await get_run(connection, caller.site, IMPACT, run)
    impact = None
    if found.result is not None:
        impact = await _named(connection, caller, _decoder.decode(found.result))
    return {**msgspec.structs.asdict(found), "result": impact}


async def cancel(connection: AsyncConnection, caller: Caller, run: UUID) -> None:
    """Cancel a run; raises NotFoundError, or ConflictError where it is over."""
    if await cancel_run(connection, caller.site, IMPACT, run):
        await write_audit(connection, caller, [Entry("cancelled", f"{IMPACT}/{run}")])


async def _named(connection: AsyncConnection, caller: Caller, impact: Impact) -> Impact:
    """Name the visitors of examples; where one was erased since, the example goes too."""
    ids = {example.decision_id for listed in _examples_in(impact) for example in listed}
    visitors = await repository.visitors_of(connection, caller.site, ids)
    for listed in _examples_in(impact):
        listed[:] = [example for example in listed if example.decision_id in visitors]
        for example in listed:
            example.visitor = visitors[example.decision_id]
    return impact


def _examples_in(impact: Impact) -> Iterator[list[Example]]:
    total = impact.total
    for placement in total.placements:
        yield from (move.examples for move in placement.moves)
    yield from (move.examples for experiment in total.experiments for move in experiment.moves)
    yield from (move.examples for journey in total.journeys for move in journey.moves)
    yield from (rule.examples for rule in total.rules)
    yield from (segment.examples for segment in total.segments)
