"""Sizes as they were measured last, and measured anew behind the answer where that is long ago."""

from datetime import timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.draft import lock_site
from app.admin.runs.queue import Run, find_latest, get_run, queue_run
from app.admin.sizes import repository
from app.admin.sizes.figures import Figures
from app.admin.sizes.measured import Measured
from app.admin.sizes.schemas import SIZES, AllSegments, JourneySizes, OneSegment, Overlaps, Waiting
from app.kit import clock
from app.web.keyring import Caller
from app.web.paging import Page, cursor_of
from app.web.problems import ConflictError, NotFoundError, UnavailableError

FRESH = timedelta(minutes=5)
# For so long after a failure nobody measures again, since it would only fail again.
AFTER_FAILURE = timedelta(minutes=1)

_decoder = msgspec.json.Decoder(Measured)


class Looked(NamedTuple):
    """What there is of figures; one of the two is None."""

    figures: Figures | None
    waiting: Waiting | None


async def look(connection: AsyncConnection, caller: Caller, sample: int) -> Looked:
    """Give the latest figures of the revision in force; where there are none yet, say how far they are.

    Raises:
        ConflictError: nothing is published.
        UnavailableError: they could not be measured; the detail says why.

    """
    number = await repository.find_latest_number(connection, caller.site)
    if number is None:
        raise ConflictError("nothing is published yet, so there are no segments and stages")
    asked = {"revision": number, "sample": sample}
    done = await find_latest(connection, caller.site, SIZES, asked, "done")
    going_on = None
    if done is None or _age_of(done) > FRESH:
        going_on = await _measuring(connection, caller.site, asked)
    if done is not None and done.result is not None:
        refreshing = going_on is not None and going_on.state != "failed"
        return Looked(Figures(_decoder.decode(done.result), refreshing=refreshing), None)
    return Looked(None, _told(going_on))


def one_segment(figures: Figures, key: str) -> OneSegment:
    """Answer the size of a segment; raises NotFoundError."""
    found = figures.find_segment(key)
    if found is None:
        raise NotFoundError(f"there is no published segment {key!r}")
    return OneSegment(sample=figures.sampled, **found.model_dump())


def all_segments(figures: Figures) -> AllSegments:
    """Answer the sizes of all segments."""
    return AllSegments(sample=figures.sampled, items=[*figures.segments()])


def stages(figures: Figures, key: str) -> JourneySizes:
    """Answer the sizes of a journey's stages; raises NotFoundError."""
    found = figures.find_journey(key)
    if found is None:
        raise NotFoundError(f"there is no published journey {key!r}")
    count, items = found
    return JourneySizes(
        journey=key, depends_on_context=count.depends_on_context, sample=figures.sampled, items=items
    )


def overlaps(figures: Figures, named: list[str], page: Page) -> Overlaps:
    """Answer a page of the pairs that have every named segment in them."""
    start = max(0, page.after(int) or 0)
    end = start + page.limit
    items, is_more = figures.overlaps(named, slice(start, end))
    return Overlaps(
        sample=figures.sampled,
        items=items,
        next_cursor=cursor_of(end) if is_more else None,
        left_out=figures.left_out,
    )


async def _measuring(connection: AsyncConnection, site: int, asked: dict[str, Any]) -> Run:
    """Give the run that measures anew, queued where there is none; or the one that has just failed."""
    latest = await find_latest(connection, site, SIZES, asked, "queued", "running", "failed")
    if latest is None or _is_to_be_repeated(latest):
        # Of two who look at once, one queues a run and the other finds it.
        await lock_site(connection, site)
        latest = await find_latest(connection, site, SIZES, asked, "queued", "running", "failed")
        if latest is None or _is_to_be_repeated(latest):
            run = await queue_run(connection, site, SIZES, asked)
            latest = await get_run(connection, site, SIZES, run)
    return latest


def _is_to_be_repeated(run: Run) -> bool:
    return run.state == "failed" and _age_of(run) > AFTER_FAILURE


def _age_of(run: Run) -> timedelta:
    return clock.now() - (run.finished_at or run.created_at)


def _told(run: Run | None) -> Waiting:
    if run is not None and run.state == "failed":
        detail = run.error["detail"] if run.error is not None else "the log says why"
        retry_after_s = round(AFTER_FAILURE.total_seconds())
        raise UnavailableError(f"sizes could not be measured: {detail}", retry_after_s=retry_after_s)
    return Waiting(state=run.state if run else "queued", progress=run.progress if run else 0.0)
