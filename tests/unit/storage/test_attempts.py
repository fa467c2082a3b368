"""What the log says of something that is tried again and again."""

import asyncio
import logging

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from app.storage.attempts import Attempts

LOG = logging.getLogger("tests.attempts")
FAILED = "counting failed; it will be tried again: "


@pytest.fixture(autouse=True)
def listening(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def attempt(attempts: Attempts, *errors: BaseException) -> None:
    """Fail once by each error."""
    for error in errors:
        with attempts:
            raise error


def by_sqlalchemy(error: Exception) -> DBAPIError:
    """What SQLAlchemy makes of an error of asyncpg."""
    translated = Exception(str(error))
    translated.__cause__ = error
    wrapped = DBAPIError("SELECT 1", None, translated)
    wrapped.__cause__ = translated
    return wrapped


AWAY = [
    ConnectionRefusedError("nobody"),
    TimeoutError(),
    asyncpg.CannotConnectNowError("starting up"),
    asyncpg.ConnectionDoesNotExistError("closed in the middle"),
    asyncpg.InterfaceError("the pool is closed"),
    asyncpg.ReadOnlySQLTransactionError("a copy"),
    asyncpg.TooManyConnectionsError("full"),
    by_sqlalchemy(asyncpg.AdminShutdownError("going down")),
]


@pytest.mark.parametrize("first", AWAY, ids=lambda error: type(error).__name__)
def test_a_database_that_is_away_is_told_once_and_without_a_traceback(
    first: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    attempt(Attempts(LOG, "counting"), first, *AWAY)

    assert caplog.messages == [f"{FAILED}{first!r}"]
    assert caplog.records[0].exc_info is None


def test_that_it_is_back_is_told_once_and_so_is_the_next_time(caplog: pytest.LogCaptureFixture) -> None:
    attempts = Attempts(LOG, "counting")
    for _ in range(2):
        attempt(attempts, *AWAY)
        for _ in range(2):
            with attempts:
                pass

    assert caplog.messages == [f"{FAILED}{AWAY[0]!r}", "counting works again"] * 2


def test_anything_else_is_told_with_its_traceback_until_it_repeats_itself(
    caplog: pytest.LogCaptureFixture,
) -> None:
    attempt(
        Attempts(LOG, "counting"),
        AWAY[0],
        ValueError("one"),
        ValueError("one"),
        by_sqlalchemy(asyncpg.UndefinedColumnError("two")),
    )

    assert [record.exc_info is not None for record in caplog.records] == [False, True, True]
    assert caplog.text.count("\nValueError: one") == 1
    assert "UndefinedColumnError: two" in caplog.text


def test_what_goes_well_from_the_first_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    attempts = Attempts(LOG, "counting")
    with attempts as one:
        pass

    assert not one.failed
    assert caplog.records == []


def test_it_tells_whether_the_latest_failed() -> None:
    attempts = Attempts(LOG, "counting")
    with attempts as one:
        raise ValueError
    assert one.failed
    with attempts:
        pass
    assert not one.failed


def test_who_is_cancelled_ends(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(asyncio.CancelledError), Attempts(LOG, "counting"):
        raise asyncio.CancelledError
    assert caplog.records == []
