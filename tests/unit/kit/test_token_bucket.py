import pytest

from app.kit.token_bucket import TokenBucket


def test_a_full_bucket_gives_one_seconds_worth_at_once() -> None:
    bucket = TokenBucket(3, 100)

    assert [bucket.take(100) for _ in range(3)] == [0, 0, 0]
    assert bucket.take(100) == pytest.approx(1 / 3)


def test_tokens_come_at_their_rate() -> None:
    bucket = TokenBucket(4, 0)
    for _ in range(4):
        bucket.take(0)

    assert bucket.take(0.125) == pytest.approx(0.125)
    assert [bucket.take(at_s) > 0 for at_s in (0.25, 0.25, 0.5, 0.5)] == [False, True, False, True]


def test_what_is_left_over_is_kept_for_one_second_only() -> None:
    bucket = TokenBucket(2, 0)

    assert [bucket.take(3_600) > 0 for _ in range(3)] == [False, False, True]


def test_even_the_slowest_bucket_holds_a_whole_token() -> None:
    bucket = TokenBucket(0.1, 0)

    assert bucket.take(0) == 0
    assert bucket.take(1) == pytest.approx(9)
    assert bucket.take(10) == 0


def test_asking_in_vain_takes_nothing() -> None:
    bucket = TokenBucket(1, 0)
    bucket.take(0)

    waits = [bucket.take(at / 8) for at in range(8)]

    assert waits == pytest.approx([1 - at / 8 for at in range(8)])
    assert bucket.take(1) == 0


def test_over_time_no_more_is_given_than_the_rate() -> None:
    bucket = TokenBucket(16, 0)

    given = sum(bucket.take(at / 1_024) == 0 for at in range(10 * 1_024))

    assert given == 16 + 159


def test_what_is_left_is_whole_tokens_as_of_the_latest_take() -> None:
    bucket = TokenBucket(4, 0)
    assert (bucket.left, bucket.full_in_s) == (4, 0)

    lefts = [(bucket.take(0), bucket.left)[1] for _ in range(5)]

    assert lefts == [3, 2, 1, 0, 0]
    assert bucket.full_in_s == 1
    bucket.take(0.375)
    assert (bucket.left, bucket.full_in_s) == (0, 0.875)
