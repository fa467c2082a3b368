"""A site whose rows a test lets go of, as old as it likes."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from app.engine.records import Erase
from app.kit.clock import ms_of
from app.kit.ids import id_at
from app.profiles.erase import erase
from app.reporting.reporter import Reporter
from app.reporting.sums import Cell
from app.storage.postgres import Postgres
from app.storage.retention import Keeper
from tests.builders import DAY, experiment
from tests.counting import count_all
from tests.integration.planted import LONG_AGO, Planted
from tests.integration.summed import WITH_EVERYTHING, held

FOR_EVER = {"events_days": 3_650, "assignments_days": 3_650}
NUMBERS = count(1)
LATER = LONG_AGO + 100 * DAY


class LettingGo(Planted):
    """A site of one's own, with somebody who counts and somebody who lets go."""

    async def judged_by(self, *metrics: dict[str, Any], **retention: int) -> None:
        """Publish the experiment with these metrics, and count it."""
        uses = [{"metric": metric["key"]} for metric in metrics[1:]]
        judged = experiment(phase=1, primary_metric=metrics[0]["key"], metrics=uses)
        await self.keep(retention, metrics=list(metrics), experiments=[judged])

    async def keep(self, retention: dict[str, int], **fields: Any) -> None:
        told = {**WITH_EVERYTHING, **fields, "site": {"retention": {**FOR_EVER, **retention}}}
        await self.publish(next(NUMBERS), **told)
        await self.turn()

    async def turn(self) -> None:
        await count_all(Reporter(self.postgres.pool))

    async def count(self, *visitors: str) -> dict[Cell, tuple[object, ...]]:
        """Count these anew; answers what all units come to."""
        await self.mark(*visitors)
        await self.turn()
        return await held(self)

    async def let_go(self, at: datetime) -> None:
        """Let go of what is too old at that instant."""
        await Keeper(self.postgres.pool, now=lambda: at).let_go()

    async def erase(self, visitor: str, after: timedelta) -> None:
        at = LONG_AGO + after
        tombstone = Erase(self.site_id, visitor, id_at(at), ms_of(at))
        async with self.postgres.pool.acquire() as lent, lent.transaction():
            await erase(lent, [tombstone])  # type: ignore[arg-type] # what a pool lends is a connection in all but its type

    async def worth(self, unit: str) -> list[float]:
        """Tell what a unit is counted with, metric by metric."""
        query = "SELECT worth FROM unit_facts WHERE site_id = $1 AND unit = $2"
        return list(await self.postgres.pool.fetchval(query, self.site_id, unit))

    async def since(self) -> dict[str, datetime]:
        query = "SELECT table_name, since FROM kept_since WHERE site_id = $1"
        rows = await self.postgres.pool.fetch(query, self.site_id)
        return {row["table_name"]: row["since"] for row in rows}

    async def rows(self, table: str) -> int:
        query = f"SELECT count(*) FROM {table} WHERE site_id = $1"  # noqa: S608 - the names are this file's own
        return int(await self.postgres.pool.fetchval(query, self.site_id))


async def a_site(stores: Postgres) -> LettingGo:
    query = "INSERT INTO sites (key, identity_secret) VALUES ($1, '') RETURNING id"
    return LettingGo(stores, await stores.pool.fetchval(query, f"site-{next(NUMBERS)}"))
