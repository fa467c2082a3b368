"""What is tried again and again, and what the log says of it: little while PostgreSQL is away."""

from logging import Logger
from types import TracebackType
from typing import Self

import asyncpg

# Its machine, its process or its network; or it has no more room, or has become a copy of another one.
_AWAY = (
    OSError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.ReadOnlySQLTransactionError,
)


class Attempts:
    """Each `with` block is an attempt, which no failure ends; `failed` tells of the latest one.

    The log hears of failures by one line when PostgreSQL goes away, and with a traceback of any other that
    differs from the one before; and once that all is well again.
    """

    def __init__(self, log: Logger, doing: str) -> None:
        self.failed = False
        self._log = log
        self._doing = doing
        self._told: str | None = None

    def __enter__(self) -> Self:
        """Begin an attempt."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        """End an attempt, and swallow what it raised."""
        self.failed = isinstance(error, Exception)
        if error is None:
            self._succeed()
        elif self.failed:
            self._fail(error)
        return self.failed

    def _succeed(self) -> None:
        if self._told is not None:
            self._log.info("%s works again", self._doing)
        self._told = None

    def _fail(self, error: BaseException) -> None:
        is_away = _is_away(error)
        told = "away" if is_away else repr(error)
        if told != self._told:
            self._log.error(
                "%s failed; it will be tried again: %r",
                self._doing,
                error,
                exc_info=None if is_away else error,
            )
        self._told = told


def _is_away(error: BaseException | None) -> bool:
    """Whether an error tells so, or one that it comes from: SQLAlchemy has its own for each."""
    return error is not None and (isinstance(error, _AWAY) or _is_away(error.__cause__))
