import select
from contextlib import closing

import pytest

from loadtests.speed.ticks import Ticks


def test_ticks_are_counted_until_they_are_taken() -> None:
    with closing(Ticks(1_000_000)) as ticks:
        total = 0
        while total < 20:
            assert select.select([ticks.fd], [], [], 10)[0]
            taken = ticks.taken()
            assert taken >= 1
            total += taken


def test_the_first_tick_is_at_once_and_the_next_one_is_not() -> None:
    with closing(Ticks(3_600 * 1_000_000_000)) as ticks:
        assert select.select([ticks.fd], [], [], 10)[0]
        assert ticks.taken() == 1
        assert ticks.taken() == 0


def test_an_interval_that_is_none_is_refused() -> None:
    with pytest.raises(OSError, match="timerfd_settime failed"):
        Ticks(-1)
