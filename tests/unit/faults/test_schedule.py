import pytest

from tests.faults.schedule import EVERYTHING, PARTS, Restart, schedule

# Half an hour, and each part every two minutes.
SOAK_S, EVERY_S = 1_800, 120
RESTARTS = list(schedule(SOAK_S, EVERY_S))


def restarts_of(part: str) -> list[float]:
    return [one.at_s for one in RESTARTS if part in one.parts or one.parts == EVERYTHING]


def test_everything_is_restarted_once_and_first_of_all() -> None:
    assert RESTARTS[0] == Restart(EVERY_S, EVERYTHING)
    assert [one.parts for one in RESTARTS].count(EVERYTHING) == 1


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_restarted_in_every_round_of_the_first_half(part: str) -> None:
    rounds = {int(at_s // EVERY_S) for at_s in restarts_of(part) if at_s < SOAK_S / 2}

    assert rounds == set(range(1, 8))


@pytest.mark.parametrize("part", ["worker", "postgres", "valkey"])
def test_all_but_the_shipper_go_on_being_restarted_until_the_end(part: str) -> None:
    assert len(restarts_of(part)) == 14
    assert max(restarts_of(part)) >= SOAK_S - EVERY_S


def test_the_shipper_lives_on_in_the_second_half() -> None:
    assert SOAK_S / 2 - EVERY_S < max(restarts_of("shipper")) < SOAK_S / 2


def test_by_turns_parts_are_restarted_one_after_the_other_and_at_once() -> None:
    assert RESTARTS[1:6] == [
        Restart(240, ("worker",)),
        Restart(270, ("shipper",)),
        Restart(300, ("postgres",)),
        Restart(330, ("valkey",)),
        Restart(360, PARTS),
    ]


def test_there_is_load_after_the_last_restart() -> None:
    assert [one.at_s for one in RESTARTS] == sorted(one.at_s for one in RESTARTS)
    assert RESTARTS[-1].at_s <= SOAK_S - EVERY_S / 4


@pytest.mark.parametrize("every_s", [20, 60, 90, 600])
def test_any_soak_of_three_rounds_ends_with_load(every_s: float) -> None:
    restarts = list(schedule(every_s * 3, every_s))

    assert [int(one.at_s // every_s) for one in restarts] == [1, 2, 2, 2]
    assert restarts[-1].at_s < every_s * 3
