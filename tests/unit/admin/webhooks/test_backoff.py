from datetime import timedelta

import pytest

from app.admin.webhooks.backoff import next_attempt
from tests.builders import NOW


def pauses(chance: float) -> list[float]:
    """Fail until it is given up, and list the seconds between attempts."""
    now, attempts, listed = NOW, 1, []
    while (at := next_attempt(attempts, NOW, now, chance)) is not None:
        listed.append((at - now).total_seconds())
        now, attempts = at, attempts + 1
    return listed


def test_each_pause_is_three_times_the_one_before_up_to_six_hours() -> None:
    assert pauses(0.5) == [5, 15, 45, 135, 405, 1_215, 3_645, 10_935, 21_600, 21_600, 21_600]


@pytest.mark.parametrize(("chance", "share"), [(0.0, 0.75), (0.5, 1.0), (1.0, 1.25)])
def test_chance_spreads_them_by_a_quarter(chance: float, share: float) -> None:
    assert pauses(chance)[:4] == [5 * share, 15 * share, 45 * share, 135 * share]


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_it_is_tried_for_most_of_a_day_and_no_longer(chance: float) -> None:
    assert timedelta(hours=15) < timedelta(seconds=sum(pauses(chance))) <= timedelta(hours=24)


def test_however_often_it_failed_there_is_a_pause() -> None:
    at = next_attempt(10**9, NOW, NOW, 0.5)
    assert at == NOW + timedelta(hours=6)
