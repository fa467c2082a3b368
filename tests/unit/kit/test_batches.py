from collections.abc import Iterator

import pytest

from app.kit.batches import in_batches


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])]
)
def test_everything_is_taken_in_order_and_only_the_last_batch_is_smaller(
    count: int, sizes: list[int]
) -> None:
    batches = list(in_batches(range(count), 3))
    assert [len(batch) for batch in batches] == sizes
    assert [item for batch in batches for item in batch] == list(range(count))


def test_no_more_is_made_than_what_was_asked_for() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            yield number

    next(in_batches(items(), 2))
    assert made == [0, 1]
