"""Planning, and overlap, of the experiments that are published."""

from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.planning.schemas import PlanBody
from app.engine.model import Document
from app.engine.problems import Problem
from app.kit.clock import now
from app.reporting.counting import count
from app.reporting.definition import UnknownExperimentError, load_definition
from app.reporting.overlap import Overlap, count_overlaps
from app.reporting.planning import NothingSeenError, Plan, Wish, plan
from app.reporting.queries import find_document, snapshot
from app.reporting.question import Question
from app.web.keyring import Caller
from app.web.problems import NotFoundError, WrongContentError


async def plan_experiment(session: AsyncConnection, caller: Caller, body: PlanBody) -> Plan:
    """Plan an experiment; raises WrongContentError where a figure is neither said nor known."""
    wish = Wish(**body.model_dump())
    async with snapshot(session) as connection:
        document = await find_document(connection, caller.site, None) or Document()
        try:
            _check(document, wish)
            return await plan(connection, caller.site, document, wish, now())
        except NothingSeenError as error:
            raise WrongContentError([Problem(f"/{error.field}", str(error))]) from error


def _check(document: Document, wish: Wish) -> None:
    if wish.metric not in {metric.key for metric in document.metrics} and wish.mean is None:
        raise NothingSeenError("metric", f"there is no published metric {wish.metric!r}")
    if not wish.effect:
        raise NothingSeenError("effect", "an effect of nothing is never found")
    if wish.mean == 0:
        raise NothingSeenError("mean", "an effect is a share of the mean, so that the mean must not be 0")
    if wish.mean is not None and wish.deviation is None and not 0 < wish.mean < 1:
        raise NothingSeenError("deviation", "only a share between 0 and 1 says how much it varies: say it")


async def read_overlap(session: AsyncConnection, caller: Caller, key: str) -> list[Overlap]:
    """Count what an experiment shares with all others that run; raises NotFoundError."""
    async with snapshot(session) as connection:
        document = await find_document(connection, caller.site, None) or Document()
        try:
            definition = await load_definition(connection, caller.site, key, None)
        except UnknownExperimentError as error:
            raise NotFoundError(f"there is no published experiment {key!r}") from error
        counted = await count(connection, definition, Question(site_id=caller.site, experiment=key), now())
        running = [one.key for one in document.experiments if one.status == "running"]
        return await count_overlaps(connection, caller.site, definition, running, counted.everyone.units)
