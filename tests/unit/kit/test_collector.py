"""When the garbage collector may search everything."""

import gc
from collections.abc import Iterator

import pytest

from app.kit.collector import collector_paused, no_full_collections


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_no_collection_searches_everything_while_a_block_runs() -> None:
    before = gc.get_threshold()

    with no_full_collections():
        during = gc.get_threshold()

    assert during[0] == before[0]
    assert during[2] > 1_000_000
    assert gc.get_threshold() == before


def test_of_two_blocks_at_once_the_last_to_end_sets_the_collector_back() -> None:
    before = gc.get_threshold()
    one, other = no_full_collections(), no_full_collections()

    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    between = gc.get_threshold()
    other.__exit__(None, None, None)

    assert between[2] > 1_000_000
    assert gc.get_threshold() == before


def test_what_was_built_is_not_searched_again() -> None:
    gc.unfreeze()

    with no_full_collections():
        built = [[n] for n in range(1_000)]

    assert gc.get_freeze_count() > len(built)


def test_what_failed_can_be_collected() -> None:
    gc.unfreeze()
    before = gc.get_threshold()

    with pytest.raises(ValueError, match="wrong"), no_full_collections():
        raise ValueError("wrong")

    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before


def test_a_paused_collector_goes_on_afterwards_whatever_happened() -> None:
    with pytest.raises(AssertionError), collector_paused():
        assert gc.isenabled()

    assert gc.isenabled()
