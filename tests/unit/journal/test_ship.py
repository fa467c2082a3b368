"""How long the shipper waits."""

from app.journal.ship import BACKOFF_S, IDLE_S, LONGEST_BACKOFF_S, pause_after


def test_a_shipper_that_fares_well_looks_again_soon() -> None:
    assert pause_after(0) == IDLE_S


def test_each_failure_doubles_the_wait_up_to_a_bound() -> None:
    assert [pause_after(failures) for failures in (1, 2, 3)] == [BACKOFF_S, 2 * BACKOFF_S, 4 * BACKOFF_S]
    assert pause_after(20) == pause_after(1_000_000) == LONGEST_BACKOFF_S
