"""How every process hears of what was changed, and the one that changed it before it says so."""

from contextvars import ContextVar
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.rulesets.refresh import CHANNEL, Refresh

# To load and compile the largest of sites takes longer, and its admin need not wait for that.
WITHIN_S = 1.0

_told: ContextVar[bool] = ContextVar("told", default=False)


async def notify_changed(connection: AsyncConnection, site: int) -> None:
    """Tell every process, once this is committed, that there is something new about a site."""
    await connection.execute(select(func.pg_notify(CHANNEL, str(site))))
    _told.set(True)


def begin() -> None:
    """Forget what an earlier request told from the same place."""
    _told.set(False)


async def catch_up(state: Any) -> None:
    """Let what this request has changed be in force in this process, as soon as it is committed.

    `state` is the app's; where nothing is refreshed, there is nothing to wait for.
    """
    refresh: Refresh | None = getattr(state, "refresh", None)
    if _told.get() and refresh is not None:
        await refresh.catch_up(within_s=WITHIN_S)
